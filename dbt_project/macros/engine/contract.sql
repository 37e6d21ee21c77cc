{#- A contract, applied: the columns it promises and the first thing that is wrong with a document. -#}

{#- Text of every leaf, as `<column>__text`. -#}
{% macro contract_leaves(contract, document='document') -%}
    {%- for column in contract %}
        {{ leaf(document, column[1], column[2]) }} as {{ column[0] }}__text{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- For every `rows` column what is wrong with its elements, in their order, as the list `<column>__problems`. -#}
{% macro contract_rows(contract, zone='local_time_zone') -%}
    {%- for column in contract if column[2] == 'rows' and column[3] is not string %}
        {{ row_problems(parse_rows(column[0] ~ '__text', column[3]), column, zone) }} as {{ column[0] }}__problems,
    {%- endfor -%}
{%- endmacro %}


{#- The promised columns, cast from their text. -#}
{% macro contract_columns(contract, zone='local_time_zone') -%}
    {%- for column in contract %}
        cast({{ kind_value(column[2], column[0] ~ '__text', zone) }} as {{ kind_type(column[2]) }}) as {{ column[0] }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- 'gross_amount: not money', 'order_id: missing', 'items[].price: not money', 'ordered_at: impossible date' … or NULL. -#}
{% macro first_problem(contract, payload='payload') -%}
    case
        when document_key = '' then 'document_key: missing'
        when {{ payload }} is null or left(ltrim({{ payload }}), 1) <> '{' then 'payload: not an object'
        when is_unreadable then 'payload: cannot be read as JSON'
        {%- for path, columns in parents_of(contract).items() %}
        when
            {{ columns | join('__text is null and ') }}__text is null
            and {{ is_no_object(payload, path) }}
            then '{{ path }}: not an object'
        {%- endfor %}
        {%- for column in contract %}
        {{- value_problems(column[0], column[2], column[3], column[0] ~ '__text', column[0]) }}
        {%- if column[2] == 'text' %}
        when {{ is_no_text(column[0] ~ '__text', payload, column[1]) }} then '{{ column[0] }}: not text'
        {%- elif column[2] == 'rows' %}
        when {{ column[0] }}__text is not null and left({{ column[0] }}__text, 1) <> '[' then '{{ column[0] }}: not rows'
        {%- if column[3] is not string %}
        when {{ column[0] }}__text is not null and {{ column[0] }}__problems is null then '{{ column[0] }}: not rows'
        when {{ array_length(column[0] ~ '__problems') }} > 0 then {{ array_element(column[0] ~ '__problems', 0) }}
        {%- endif %}
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}


{#- The `when … then …` branches of one value; `text` is what stood in the document, `value` what became of it. -#}
{% macro value_problems(label, kind, rule, text, value) -%}
    {%- if rule == 'required' %}
        when {{ text }} is null then '{{ label }}: missing'
    {%- elif rule == 'refuse' %}
        when {{ text }} is not null then {{ text }}
    {%- endif -%}
    {%- if not kind.endswith('?') and kind not in ('text', 'json', 'rows') %}
        when {{ text }} is not null and {{ value }} is null then {{ kind_complaint(kind, label, text) }}
    {%- endif -%}
{%- endmacro %}


{#- What is wrong with each element of an array: a list of problems, empty when all is well, NULL when it is no array. -#}
{% macro row_problems(rows, column, zone) -%}
    {%- set problem -%}
        case
            when element is null then '{{ column[0] }}[]: not an object'
            {%- for inner in column[3] %}
            {%- set text = leaf('element', inner[1], inner[2]) %}
            {{- value_problems(column[0] ~ '[].' ~ inner[0], inner[2], inner[3], text, kind_value(inner[2], text, zone)) }}
            {%- endfor %}
            {#- a CASE whose branches are all NULL would have no type #}
            when false then ''
        end
    {%- endset -%}
    {{ list_compact(list_map(rows, 'element', problem)) }}
{%- endmacro %}


{#- {'delivery': [columns below it], 'delivery.address': […]}: the objects a contract reads through. -#}
{% macro parents_of(contract) -%}
    {%- set parents = {} -%}
    {%- for column in contract -%}
        {%- set steps = column[1].split('.') -%}
        {%- for depth in range(1, steps | length) -%}
            {%- set path = steps[:depth] | join('.') -%}
            {%- if '[' not in path -%}
                {%- do parents.setdefault(path, []).append(column[0]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(parents) }}
{%- endmacro %}


{#- An object where text was promised. Looked up in the payload only when the text begins like one. -#}
{% macro is_no_text(text, payload, path) -%}
    case
        when left({{ text }}, 1) in ('{', '[') then coalesce({{ json_kind(payload, path) }} in ('OBJECT', 'ARRAY'), false)
        else false
    end
{%- endmacro %}

{#- Something that is neither absent nor an object. An empty array is what PHP writes for an empty object. -#}
{% macro is_no_object(payload, path) -%}
    case
        {#- Looking for the names in the text first spares a parse of every document that simply lacks the member: half the time. #}
        when not (
            {%- for name, index in path_steps(path) %}
            contains({{ payload }}, '"{{ name }}"'){{ ' and' if not loop.last }}
            {%- endfor %}
        ) then false
        else case {{ json_kind(payload, path) }}
            when 'OBJECT' then false when 'NULL' then false
            when 'ARRAY' then {{ json_text(payload, path) }} <> '[]'
            else {{ json_kind(payload, path) }} is not null
        end
    end
{%- endmacro %}
