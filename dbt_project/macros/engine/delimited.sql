{#-
  Texts as ClickHouse writes them in tab-separated files: '\t', '\n', '\\' and '\'' stand for what they name, and an array is
  one text, `[1,2]` or `[\'a\',,\'b\']`, where a hole means that nobody knew the element.
-#}

{#- The text itself. -#}
{% macro tsv_text(text) -%}
    {%- set slash, marker = 'chr(92)', 'chr(1)' -%}
    case
        when instr({{ text }}, {{ slash }}) = 0 then {{ text }}
        else
            replace(replace(replace(replace(replace(replace(
                {{ text }}, {{ slash }} || {{ slash }}, {{ marker }}), {{ slash }} || chr(39), chr(39)
            ), {{ slash }} || 't', chr(9)), {{ slash }} || 'n', chr(10)), {{ slash }} || 'r', chr(13)), {{ marker }}, {{ slash }})
    end
{%- endmacro %}


{#- The array of texts in one such text; holes are NULL, no array and an empty one are empty. -#}
{% macro tsv_list(text) -%}{{ adapter.dispatch('tsv_list')(text) }}{%- endmacro %}

{% macro duckdb__tsv_list(text) -%}
    case
        when {{ text }} is null or length({{ text }}) <= 2 then []
        when instr({{ text }}, chr(39)) = 0
            then list_transform(string_split(substring({{ text }}, 2, length({{ text }}) - 2), ','), lambda part: nullif(part, ''))
        else list_transform(
            regexp_extract_all(
                ',' || substring({{ tsv_text(text) }}, 2, length({{ tsv_text(text) }}) - 2),
                ',(\x27(?:[^\x27\\]|\\.)*\x27|[^,\x27]*)', 1
            ),
            lambda part: nullif({{ tsv_text(unquoted('part')) }}, '')
        )
    end
{%- endmacro %}

{% macro spark__tsv_list(text) -%}
    case
        when {{ text }} is null or length({{ text }}) <= 2 then cast(array() as array<string>)
        when instr({{ text }}, chr(39)) = 0
            then transform(split(substring({{ text }}, 2, length({{ text }}) - 2), ','), part -> nullif(part, ''))
        else transform(
            regexp_extract_all(
                ',' || substring({{ tsv_text(text) }}, 2, length({{ tsv_text(text) }}) - 2),
                r',(\x27(?:[^\x27\\]|\\.)*\x27|[^,\x27]*)', 1
            ),
            part -> nullif({{ tsv_text(unquoted('part')) }}, '')
        )
    end
{%- endmacro %}

{% macro unquoted(text) -%}
    {{ return("(case when left(" ~ text ~ ", 1) = chr(39) then substring(" ~ text ~ ", 2, length(" ~ text ~ ") - 2) else " ~ text ~ " end)") }}
{%- endmacro %}


{#-
  Parallel arrays, element by element: a FROM item with the parent's columns as p.<column>, the elements as e.<column> and
  their place as e.element_number, from 1. The first array says how many there are; a shorter one gives NULL.
    select p.visit_id, e.goal_id from {{ parallel_rows('visits', {'goal_id': 'goal_ids', 'price': 'goal_prices'}) }}
-#}
{% macro parallel_rows(relation, columns) -%}{{ adapter.dispatch('parallel_rows')(relation, columns) }}{%- endmacro %}

{% macro duckdb__parallel_rows(relation, columns) -%}
    {{ relation }} as p
    cross join unnest(list_transform(
        range(1, len(p.{{ (columns.values() | list)[0] }}) + 1),
        lambda place: struct_pack(
            element_number := cast(place as integer)
            {%- for name, list in columns.items() %},
            {{ name }} := list_extract(p.{{ list }}, place)
            {%- endfor %}
        )
    )) as elements (e)
{%- endmacro %}

{% macro spark__parallel_rows(relation, columns) -%}
    {%- set first = 'p.' ~ (columns.values() | list)[0] -%}
    {{ relation }} as p
    lateral view explode(transform(
        case when size({{ first }}) > 0 then sequence(1, size({{ first }})) else cast(array() as array<int>) end,
        place -> named_struct(
            'element_number', place
            {%- for name, list in columns.items() %},
            '{{ name }}', get(p.{{ list }}, place - 1)
            {%- endfor %}
        )
    )) elements as e
{%- endmacro %}
