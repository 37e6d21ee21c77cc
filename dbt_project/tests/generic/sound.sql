{#- All that a table promises, in one node: a node costs dbt 40 ms whatever it asks. One row per promise that is broken: the promise
    in words and how many rows break it (`orchestration/dbt.py` tells them with the failure). The promises:
    grain: columns that no two rows share (NULL is a value like any other)   unique: further keys, where they have a value
    never_null: columns that always have a value                            takes_only: {column: its words}; NULL is not looked at
        (of bands that a rule draws: {column: {bands: sales.frequency_band_edges, first: none, also: [all]}})
    holds: {sentence: condition that is true, never false or NULL}          refers_to: {column: {to: ref('stores'), field: store_id}}
    data_tests: [sound: {name: sound_orders, arguments: {grain: [order_id], never_null: [order_id, status]}}] -#}
{% test sound(model, grain=[], unique=[], never_null=[], takes_only={}, holds={}, refers_to={}) %}
{%- set keys = [(grain, '')] if grain else [] %}
{%- for column in unique %}{% do keys.append(([column], ' where ' ~ column ~ ' is not null')) %}{% endfor %}
{%- set seen = [] %}
{%- for column in never_null %}{% do seen.append((column ~ ' always has a value', column ~ ' is null')) %}{% endfor %}
{%- for column, told in takes_only.items() %}
{%- set words = bands(told.bands, told.first) | map(attribute=1) | list + told.get('also', []) if told is mapping else told %}
{%- do seen.append((column ~ ' is one of ' ~ words | join(', '), column ~ " not in ('" ~ words | map('replace', "'", "''") | join("', '") ~ "')")) %}
{%- endfor %}
{%- for sentence, condition in holds.items() %}{% do seen.append((sentence, '(' ~ condition ~ ') is not true')) %}{% endfor %}
with
{%- if seen %}
looked_at as (
    select
        {%- for _, fault in seen %}
        sum(case when {{ fault }} then 1 else 0 end) as broken_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
),
{%- endif %}
promises as (
    {%- for columns, where in keys %}
    select 'one row per {{ columns | join(', ') }}' as promise, sum(copies) as offending_rows
    from (select count(*) as copies from {{ model }}{{ where }} group by {{ columns | join(', ') }} having count(*) > 1) as shared
    {{- '\n    union all' if seen or refers_to or not loop.last }}
    {%- endfor %}
    {%- for column, there in refers_to.items() %}
    select '{{ column }} stands in {{ there.to.identifier }}.{{ there.field }}' as promise, count(*) as offending_rows
    from {{ model }} as told
    left join {{ there.to }} as known on told.{{ column }} = known.{{ there.field }}
    where told.{{ column }} is not null and known.{{ there.field }} is null
    {{- '\n    union all' if seen or not loop.last }}
    {%- endfor %}
    {%- if seen %}
    select
        words.promise,
        case words.number
            {%- for _ in seen %}
            when {{ loop.index }} then looked_at.broken_{{ loop.index }}
            {%- endfor %}
        end as offending_rows
    from looked_at
    cross join (
        values
        {%- for sentence, _ in seen %}
        ({{ loop.index }}, '{{ sentence | replace("'", "''") }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as words (number, promise)
    {%- endif %}
)
select promise, offending_rows
from promises
where offending_rows > 0
{% endtest %}
