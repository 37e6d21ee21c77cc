{#-
  A name as it sounds, so that Иван, ИВАН, Ivan and Дмитрий, Dmitry, Dmitriy meet: Cyrillic is written in Latin, then the
  letters that transliterations disagree about (i, j, y; kh, h; ts, c; x, ks) become one, and doubled i is single.
-#}
{% macro name_key(name) -%}
    {%- set sounds = [
        ('щ', 'shch'), ('ш', 'sh'), ('ч', 'ch'), ('ж', 'zh'), ('ю', 'iu'), ('я', 'ia'), ('х', 'h'), ('ц', 'c'),
        ('ь', ''), ('ъ', ''), ('kh', 'h'), ('ts', 'c'), ('x', 'ks'), ('sch', 'shch'), (' ', ''), ('-', ''), ('.', ''),
        ("''", ''), ('ii', 'i'), ('ii', 'i'), ('ie', 'e'), ('io', 'e'), ('der', 'dr'),
    ] -%}
    {%- set spelled = namespace(sql="translate(lower(trim(" ~ name ~ ")), 'абвгдеёзийклмнопрстуфыэjyw', 'abvgdeeziiklmnoprstufieiiv')") -%}
    {%- for written, heard in sounds -%}
        {%- set spelled.sql = "replace(" ~ spelled.sql ~ ", '" ~ written ~ "', '" ~ heard ~ "')" -%}
    {%- endfor -%}
    nullif({{ spelled.sql }}, '')
{%- endmacro %}
