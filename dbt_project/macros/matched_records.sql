{#
  Which records of several systems are one thing. A record follows the one record of a better ranked system that shares
  its strongest unambiguous key; a crosswalk row (seed `crosswalk`, a person's decision) goes before every key.
  Two records of one system are never joined by a key, only by the crosswalk.
  `records`: a CTE with record_key, source_system, record_rank and the key columns; `keys`: [(what it is called, [columns])],
  the strongest first. Gives record_key, leader_key, matched_by.
#}
{% macro matched_records(records, entity, keys) -%}
with {{ records }}_keys as (
    {%- for called, columns in keys %}
    {%- set weakness = loop.index %}
    {%- for column in columns %}
    select
        record_key,
        record_rank,
        cast('{{ called }}' as {{ dbt.type_string() }}) as matched_by,
        {{ weakness }} as weakness,
        lower(trim({{ column }})) as value_shared
    from {{ records }}
    where trim({{ column }}) <> ''
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{{ records }}_pairs as (
    select
        follower.record_key,
        follower.weakness,
        follower.matched_by,
        min(leader.record_rank) as record_rank,
        min(leader.record_key) as leader_key
    from {{ records }}_keys as follower
    inner join {{ records }}_keys as leader
        on follower.matched_by = leader.matched_by
            and follower.value_shared = leader.value_shared
            and follower.record_rank > leader.record_rank
    group by follower.record_key, follower.weakness, follower.matched_by
    having count(distinct leader.record_key) = 1
),

{{ records }}_decided as (
    select
        source_system || ':' || source_account || ':' || source_record_id as record_key,
        0 as weakness,
        cast('crosswalk' as {{ dbt.type_string() }}) as matched_by,
        0 as record_rank,
        same_as_system || ':' || same_as_account || ':' || same_as_record_id as leader_key
    from {{ ref('crosswalk') }}
    where entity = '{{ entity }}'
),

{{ records }}_ordered as (
    select
        together.*,
        row_number() over (partition by together.record_key order by together.weakness) as choice
    from (
        select record_key, weakness, matched_by, record_rank, leader_key from {{ records }}_decided
        union all
        select record_key, weakness, matched_by, record_rank, leader_key from {{ records }}_pairs
    ) as together
),

{{ records }}_links as (
    select ordered.record_key, ordered.matched_by, ordered.leader_key
    from {{ records }}_ordered as ordered
    inner join {{ records }} as leader on ordered.leader_key = leader.record_key
    where ordered.choice = 1
)

select
    records.record_key,
    coalesce(onward.leader_key, link.leader_key, records.record_key) as leader_key,
    link.matched_by
from {{ records }} as records
left join {{ records }}_links as link on records.record_key = link.record_key
left join {{ records }}_links as onward on link.leader_key = onward.record_key
{%- endmacro %}
