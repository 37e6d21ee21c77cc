{#-
  A document is parsed once, with all leaves as text, so that no value is lost to a silent cast; kinds.sql then casts.

  A contract is a list of (column, path, kind, rule):
    path   dotted, 'delivery.address.city'; 'phones[0].number' takes the first element of an array
    kind   text integer number money kopecks boolean date open_date utc moscow local day_first epoch_ms uuid json rows; with `?` a
           bad value becomes NULL
    rule   'required', '', for rows the contract of one element, or 'refuse': whoever landed the document says in this place what
           is wrong with it, `<column>: a sentence`, and that is the reason it is rejected for (put it first)
-#}

{#- 'a.b[0].c' -> [('a', none), ('b', 0), ('c', none)] -#}
{% macro path_steps(path) -%}
    {%- set steps = [] -%}
    {%- for step in path.split('.') -%}
        {%- if step.endswith(']') -%}
            {%- set name = step.split('[')[0] -%}
            {%- do steps.append((name, step.split('[')[1][:-1] | int)) -%}
        {%- else -%}
            {%- do steps.append((step, none)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(steps) }}
{%- endmacro %}


{#- The contract's paths as a tree: {name: {'many': bool, 'children': {...}} or 'TEXT' / 'JSON'} -#}
{% macro document_tree(contract) -%}
    {%- set tree = {} -%}
    {%- for column in contract -%}
        {%- set leaf = 'JSON' if column[2].rstrip('?') in ('json', 'rows') else 'TEXT' -%}
        {%- set walk = namespace(node=tree) -%}
        {%- set steps = path_steps(column[1]) -%}
        {%- for name, index in steps -%}
            {%- set is_leaf = loop.last -%}
            {%- set shape = {'many': index is not none, 'leaf': leaf if is_leaf else none, 'children': {}} -%}
            {%- set found = walk.node.get(name) -%}
            {%- if found is none -%}
                {%- do walk.node.update({name: shape}) -%}
            {%- elif found['leaf'] != shape['leaf'] or found['many'] != shape['many'] -%}
                {{ exceptions.raise_compiler_error(
                    "The contract reads " ~ column[1] ~ " in two shapes at once (column " ~ column[0] ~ "). Read the whole "
                    ~ "as 'json' and take the parts with json_text().") }}
            {%- endif -%}
            {%- set walk.node = walk.node[name]['children'] -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tree) }}
{%- endmacro %}


{% macro parse_document(payload, contract) -%}
    {{ adapter.dispatch('parse_document')(payload, contract) }}
{%- endmacro %}

{% macro duckdb__parse_document(payload, contract) -%}
    try(from_json({{ payload }}, '{{ duckdb_structure(document_tree(contract)) }}'))
{%- endmacro %}

{% macro spark__parse_document(payload, contract) -%}
    from_json({{ payload }}, '{{ spark_structure(document_tree(contract)) }}')
{%- endmacro %}


{#- An array of objects, as text -> list of structs of text; NULL when it is no such array. -#}
{% macro parse_rows(text, contract) -%}
    {{ adapter.dispatch('parse_rows')(text, contract) }}
{%- endmacro %}

{% macro duckdb__parse_rows(text, contract) -%}
    try(from_json({{ text }}, '[{{ duckdb_structure(document_tree(contract)) }}]'))
{%- endmacro %}

{% macro spark__parse_rows(text, contract) -%}
    case
        when left({{ text }}, 1) = '['
            then from_json({{ text }}, 'array<{{ "struct<" ~ spark_structure(document_tree(contract), ":") ~ ">" }}>')
    end
{%- endmacro %}


{% macro duckdb_structure(tree) -%}
    {%- set parts = [] -%}
    {%- for name, shape in tree.items() -%}
        {%- if shape['leaf'] -%}
            {%- set inner = '"VARCHAR"' if shape['leaf'] == 'TEXT' else '"JSON"' -%}
        {%- else -%}
            {%- set inner = duckdb_structure(shape['children']) -%}
        {%- endif -%}
        {%- do parts.append('"' ~ name ~ '":' ~ ('[' ~ inner ~ ']' if shape['many'] else inner)) -%}
    {%- endfor -%}
    {{ return('{' ~ parts | join(',') ~ '}') }}
{%- endmacro %}

{% macro spark_structure(tree, colon=' ') -%}
    {%- set parts = [] -%}
    {%- for name, shape in tree.items() -%}
        {%- if shape['leaf'] -%}
            {%- set inner = 'string' -%}
        {%- else -%}
            {%- set inner = 'struct<' ~ spark_structure(shape['children'], ':') ~ '>' -%}
        {%- endif -%}
        {%- do parts.append('`' ~ name ~ '`' ~ colon ~ ('array<' ~ inner ~ '>' if shape['many'] else inner)) -%}
    {%- endfor -%}
    {{ return(parts | join(',')) }}
{%- endmacro %}


{#- The text of one leaf of a parsed document: empty and blank count as absent, and so does a reference to the nil UUID. -#}
{% macro leaf(document, path, kind) -%}
    {%- set walk = namespace(text=document) -%}
    {%- for name, index in path_steps(path) -%}
        {%- set walk.text = walk.text ~ '.' ~ adapter.quote(name) -%}
        {%- if index is not none -%}
            {%- set walk.text = array_element(walk.text, index) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if kind.rstrip('?') in ('json', 'rows') -%}
        nullif(cast({{ walk.text }} as {{ dbt.type_string() }}), 'null')
    {%- elif kind.rstrip('?') == 'uuid' -%}
        nullif(nullif(trim({{ walk.text }}), ''), '00000000-0000-0000-0000-000000000000')
    {%- else -%}
        nullif(trim({{ walk.text }}), '')
    {%- endif -%}
{%- endmacro %}


{% macro array_element(expression, index) -%}
    {{ return(adapter.dispatch('array_element')(expression, index)) }}
{%- endmacro %}

{% macro duckdb__array_element(expression, index) -%}
    {{ return('list_extract(' ~ expression ~ ', ' ~ (index + 1) ~ ')') }}
{%- endmacro %}

{% macro spark__array_element(expression, index) -%}
    {{ return('get(' ~ expression ~ ', ' ~ index ~ ')') }}
{%- endmacro %}


{#- Text of one value inside a JSON column: json_text('custom_fields', 'size.shoe'). -#}
{% macro json_text(column, path) -%}
    {{ adapter.dispatch('json_text')(column, path) }}
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
    try(json_extract_string({{ column }}, '{{ json_path(path) }}'))
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '{{ spark_json_path(path) }}')
{%- endmacro %}

{% macro json_path(path) -%}
    {%- set parts = [] -%}
    {%- for name, index in path_steps(path) -%}
        {%- do parts.append('."' ~ name ~ '"' ~ ('' if index is none else '[' ~ index ~ ']')) -%}
    {%- endfor -%}
    {{ return('$' ~ parts | join('')) }}
{%- endmacro %}

{% macro spark_json_path(path) -%}
    {%- set parts = [] -%}
    {%- for name, index in path_steps(path) -%}
        {%- do parts.append('.' ~ name ~ ('' if index is none else '[' ~ index ~ ']')) -%}
    {%- endfor -%}
    {{ return('$' ~ parts | join('')) }}
{%- endmacro %}


{#- OBJECT, ARRAY, VARCHAR, … of a place in a JSON text; NULL when nothing is there or the text cannot be read. -#}
{% macro json_kind(payload, path) -%}
    {{ adapter.dispatch('json_kind')(payload, path) }}
{%- endmacro %}

{% macro duckdb__json_kind(payload, path) -%}
    try(json_type({{ payload }}, '{{ json_path(path) }}'))
{%- endmacro %}

{% macro spark__json_kind(payload, path) -%}
    case
        when get_json_object({{ payload }}, '{{ spark_json_path(path) }}') is null then null
        when left(get_json_object({{ payload }}, '{{ spark_json_path(path) }}'), 1) = '{' then 'OBJECT'
        when left(get_json_object({{ payload }}, '{{ spark_json_path(path) }}'), 1) = '[' then 'ARRAY'
        else 'VARCHAR'
    end
{%- endmacro %}
