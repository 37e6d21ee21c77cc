{#-
  A name as it sounds, so that Иван, ИВАН, Ivan and Дмитрий, Dmitry, Dmitriy meet: Cyrillic is written in Latin, then the
  letters that transliterations disagree about (i, j, y; kh, h; ts, c; x, ks) become one, what older passports write in the
  French way (Joukov, Tchékhov, Smirnoff, Pouchkine) or the German one (Iwanowitsch) is read as Russian, and every double letter
  is single. щ sounds as ш: German and French have one spelling of several letters for both. A Cyrillic word with Latin letters
  that only look Cyrillic in it (Hocкoвa) is read as Cyrillic.
-#}
{% macro name_key(name) -%}
    {%- set whole_letters = [('й', 'й'), ('ё', 'ё'), ('jou', 'zhu'), ('dj', 'dzh'), ('š', 'sh'), ('ş', 'sh'), ('ž', 'zh'), ('č', 'ch'),
        ('ç', 'ch'), ('ü', 'iu')] -%}
    {%- set sounds = [
        ('щ', 'sh'), ('ш', 'sh'), ('ч', 'ch'), ('ж', 'zh'), ('ю', 'iu'), ('я', 'ia'), ('х', 'h'), ('ц', 'c'), ('ь', ''), ('ъ', ''),
        ('schtsch', 'sh'), ('chtch', 'sh'), ('tsch', 'ch'), ('tch', 'ch'), ('shch', 'sh'), ('sch', 'sh'), ('shh', 'sh'),
        ('kh', 'h'), ('gh', 'g'), ('ph', 'f'), ('ts', 'c'), ('cz', 'c'), ('ct', 'kt'), ('x', 'ks'), ('ou', 'u'), ('gue', 'ge'), ('gui', 'gi'),
        (' ', ''), ('-', ''), ('.', ''), ("''", ''), ('’', ''), ('‘', ''), ('ʻ', ''), ('ʼ', ''), ('ʹ', ''), ('`', ''),
        ('bb', 'b'), ('dd', 'd'), ('ff', 'f'), ('gg', 'g'), ('kk', 'k'), ('ll', 'l'), ('mm', 'm'), ('nn', 'n'), ('pp', 'p'), ('rr', 'r'),
        ('ss', 's'), ('tt', 't'), ('vv', 'v'), ('zz', 'z'), ('ii', 'i'), ('ii', 'i'), ('ie', 'e'), ('io', 'e'), ('der', 'dr'),
    ] -%}
    {%- set read = "case when " ~ mixes_alphabets(name) ~ " then " ~ read_as_cyrillic(name) ~ " else lower(trim(" ~ name ~ ")) end" -%}
    {%- set spelled = namespace(sql=read) -%}
    {%- for written, heard in whole_letters -%}
        {%- set spelled.sql = "replace(" ~ spelled.sql ~ ", '" ~ written ~ "', '" ~ heard ~ "')" -%}
    {%- endfor -%}
    {%- set spelled.sql = "translate(" ~ spelled.sql ~ ", 'абвгдеёзийклмнопрстуфыэjywіїєґәғқңөүұһéèêëïîíáàâäəóòôöúùûýñğı', "
        ~ "'abvgdeeziiklmnoprstufieiivieegagknouuheeeeiiiaaaaaoooeuuuingi')" -%}
    {%- for written, heard in sounds -%}
        {%- set spelled.sql = "replace(" ~ spelled.sql ~ ", '" ~ written ~ "', '" ~ heard ~ "')" -%}
    {%- endfor -%}
    {%- for written, heard in [('of$', 'ov'), ('ef$', 'ev'), ('ine$', 'in')] -%}
        {%- set spelled.sql = replace_all(spelled.sql, written, heard) -%}
    {%- endfor -%}
    nullif({{ spelled.sql }}, '')
{%- endmacro %}

{#- Whether Latin letters that look Cyrillic stand beside Cyrillic ones, and no other Latin letter: Hocкoвa, not Ivanов. -#}
{% macro mixes_alphabets(name) -%}
    {%- set written = "lower(" ~ name ~ ")" -%}
    {{ return("coalesce(" ~ matches(written, "[а-яё]") ~ " and " ~ matches(written, "[abcehkmoptxy]") ~ " and " ~ looks_cyrillic(name)
        ~ ", false)") }}
{%- endmacro %}

{#- The name with Latin letters that look like Cyrillic ones (as capitals or as small letters) as these. -#}
{% macro read_as_cyrillic(name) -%}
    {{ return("translate(lower(trim(" ~ name ~ ")), 'abcehkmoptxy', 'авсенкмортху')") }}
{%- endmacro %}

{#- Whether every letter is Cyrillic or looks it: Bepa. -#}
{% macro looks_cyrillic(name) -%}{{ return("not " ~ matches("lower(" ~ name ~ ")", "[dfgijlnqrsuvwz]")) }}{%- endmacro %}

{#-
  The key of one of a record's names (int_identity_profiles): who writes Hocкoвa with Latin letters that look Cyrillic means Вера
  by Bepa too.
-#}
{% macro key_as_meant(name) -%}
    {%- set mixed = [] -%}
    {%- for one in ['firsts', 'lasts', 'middles'] -%}
        {%- do mixed.append("coalesce(" ~ one ~ ".mixes, false)") -%}
    {%- endfor -%}
    {{ return("case when " ~ mixed | join(" or ") ~ " then coalesce(" ~ name ~ ".cyrillic_key, " ~ name ~ ".name_key) else " ~ name
        ~ ".name_key end") }}
{%- endmacro %}

{#- A name as it is spelled, apart from every key: in small letters, ё as е, with a mark before it. -#}
{% macro spelled(name) -%}{{ return("'=' || replace(lower(trim(" ~ name ~ ")), 'ё', 'е')") }}{%- endmacro %}
