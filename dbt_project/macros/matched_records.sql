{#-
  The records of several systems that are one product, store or employee. A model has the CTEs
    told:       the entity's united records, with record_key
    mentioned:  record_key, source_system, source_account, source_record_id and the columns named in `mentions`, of records that a
                fact names, whether or not its system tells of them (mentioned_records() makes it of facts' columns)
  and gets of records_of('stores', 'store_id', keys) every canonical column of the entity, is_only_mentioned, record_rank, `id`
  and matched_by. One row per record.
-#}
{% macro records_of(entity, id, keys, namesakes={}, mentions=[]) -%}
with together as (
    select
        record_key,
        {%- for name, type in canonical_columns(entity) %}
        {{ name }},
        {%- endfor %}
        false as is_only_mentioned
    from told

    union all

    select
        mentioned.record_key,
        {%- for name, type in canonical_columns(entity) %}
        {{ 'mentioned.' ~ name if loop.index <= 3 or name in mentions else 'cast(null as ' ~ canonical_type(type) ~ ') as ' ~ name }},
        {%- endfor %}
        true as is_only_mentioned
    from mentioned
    left join told on mentioned.record_key = told.record_key
    where told.record_key is null
),

ranks as (
    {{ fact_ranks(entity, ['record']) }}
),

records as (
    select
        together.*,
        coalesce(ranks.record_rank, 99) as record_rank
    from together
    left join ranks on together.source_system = ranks.source_system
),

matched as (
    {{ matched_records('records', entity, keys, namesakes) }}
)

select
    records.*,
    matched.leader_key as {{ id }},
    matched.matched_by
from records
inner join matched on records.record_key = matched.record_key
{%- endmacro %}


{#- What the facts of `models` name in `column`, as records of the systems that tell the facts. -#}
{% macro mentioned_records(column, models) -%}
    {%- for model in models %}
    select
        source_system || ':' || source_account || ':' || {{ column }} as record_key,
        source_system,
        source_account,
        {{ column }} as source_record_id
    from {{ ref(model) }}
    where {{ column }} is not null
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#-
  Which records of several systems are one thing. A record follows, by the strongest key that anybody better ranked shares with it,
  the one record of the best ranked system that does; where two of that system share it, the key says nothing. A crosswalk row (seed
  `crosswalk`, a person's decision) goes before every key. Records of one system are never joined by a key among themselves.
  `records`: a CTE with record_key, source_system, source_account, record_rank and the key columns; `keys`: [(what it is called,
  [columns])], the strongest first; `namesakes`: {a key of one column that two things may share: [what would tell them apart]}: such a
  key counts only where one record of each of the two systems has the value, and only while nothing that would tell them apart
  differs. Gives record_key, leader_key, matched_by.
-#}
{% macro matched_records(records, entity, keys, namesakes={}) -%}
with {{ records }}_keys as (
    {%- for called, columns in keys %}
    {%- set weakness = loop.index %}
    {%- for column in columns %}
    select
        record_key,
        source_system,
        record_rank,
        cast('{{ called }}' as {{ dbt.type_string() }}) as matched_by,
        {{ weakness }} as weakness,
        {%- for apart in namesakes.values() | sum(start=[]) %}
        lower(trim({{ apart }})) as apart_{{ loop.index }},
        {%- endfor %}
        lower(trim({{ column }})) as value_shared
    from {{ records }}
    where trim({{ column }}) <> ''
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{{ records }}_counted as (
    select
        *,
        count(*) over (partition by source_system, matched_by, value_shared) as sharers
    from {{ records }}_keys
),

{{ records }}_pairs as (
    select
        follower.record_key,
        follower.weakness,
        follower.matched_by,
        leader.record_rank,
        min(leader.record_key) as leader_key,
        count(distinct leader.record_key) as leaders,
        row_number() over (partition by follower.record_key, follower.weakness order by leader.record_rank) as place
    from {{ records }}_counted as follower
    inner join {{ records }}_counted as leader
        on follower.matched_by = leader.matched_by
            and follower.value_shared = leader.value_shared
            and follower.record_rank > leader.record_rank
    {%- if namesakes %}
    where follower.matched_by not in ('{{ namesakes | join("', '") }}')
        or (
            follower.sharers = 1
            and leader.sharers = 1
            {%- for _ in namesakes.values() | sum(start=[]) %}
            and coalesce(follower.apart_{{ loop.index }} = leader.apart_{{ loop.index }}, true)
            {%- endfor %}
        )
    {%- endif %}
    group by follower.record_key, follower.weakness, follower.matched_by, leader.record_rank
),

{{ records }}_decided as (
    select
        source_system || ':' || source_account || ':' || source_record_id as record_key,
        same_as_system || ':' || same_as_account || ':' || same_as_record_id as leader_key
    from {{ ref('crosswalk') }}
    where entity = '{{ entity }}'
),

{{ records }}_ordered as (
    select
        together.*,
        row_number() over (partition by together.record_key order by together.weakness) as choice
    from (
        select
            record_key,
            0 as weakness,
            cast('crosswalk' as {{ dbt.type_string() }}) as matched_by,
            leader_key
        from {{ records }}_decided

        union all

        {# the decision that a leads b is not turned round by a key that b shares with a #}
        select pairs.record_key, pairs.weakness, pairs.matched_by, pairs.leader_key
        from {{ records }}_pairs as pairs
        left join {{ records }}_decided as decided
            on pairs.record_key = decided.leader_key and pairs.leader_key = decided.record_key
        where pairs.place = 1 and pairs.leaders = 1 and decided.record_key is null
    ) as together
),

{{ records }}_links as (
    select ordered.record_key, ordered.matched_by, ordered.leader_key
    from {{ records }}_ordered as ordered
    inner join {{ records }} as leader on ordered.leader_key = leader.record_key
    where ordered.choice = 1
)

{# a leader may follow another: three steps among four ranks, and one more for the crosswalk; Spark plans each step anew #}
{% set steps = 4 %}
select
    records.record_key,
    coalesce({% for step in range(steps, 0, -1) %}link_{{ step }}.leader_key, {% endfor %}records.record_key) as leader_key,
    link_1.matched_by
from {{ records }} as records
left join {{ records }}_links as link_1 on records.record_key = link_1.record_key
{%- for step in range(2, steps + 1) %}
left join {{ records }}_links as link_{{ step }} on link_{{ step - 1 }}.leader_key = link_{{ step }}.record_key
{%- endfor %}
{%- endmacro %}
