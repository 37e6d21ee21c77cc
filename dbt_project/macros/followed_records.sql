{#-
  Which records are one thing, from who follows whom. `records`: a CTE with record_key, source_system and source_account;
  `links`: a CTE with one row per follower: record_key, leader_key (a record of a better ranked system), matched_by, weakness,
  seconds_apart. A follower's leader may follow another, as often as there are systems between the two. One thing has at most
  one record of each system and account: of several the one nearest to its end of the chain stays, the others stand for
  themselves, with those that follow them. Gives record_key, leader_key (its own when it follows nobody), matched_by.
-#}
{% macro followed_records(records, links) -%}
with traced as (
    {{ traced_leaders(records, links) }}
),

{{ links }}_placed as (
    select
        links.*,
        row_number() over (
            partition by traced.leader_key, records.source_system, records.source_account
            order by traced.hops, links.weakness, links.seconds_apart, links.record_key
        ) as place
    from {{ links }} as links
    inner join traced on links.record_key = traced.record_key
    inner join {{ records }} as records on links.record_key = records.record_key
),

{{ links }}_kept as (
    select record_key, leader_key, matched_by
    from {{ links }}_placed
    where place = 1
),

retraced as (
    {{ traced_leaders(records, links ~ '_kept') }}
)

select record_key, leader_key, matched_by from retraced
{%- endmacro %}


{#- The end of every record's chain. Ranks fall with every hop, so five hops are enough for six systems that hold one thing. -#}
{% macro traced_leaders(records, links) -%}
    select
        records.record_key,
        hop_1.matched_by,
        coalesce(hop_5.leader_key, hop_4.leader_key, hop_3.leader_key, hop_2.leader_key, hop_1.leader_key, records.record_key)
            as leader_key,
        {%- for hop in range(1, 6) %}
        case when hop_{{ hop }}.leader_key is null then 0 else 1 end{{ ' +' if not loop.last else ' as hops' }}
        {%- endfor %}
    from {{ records }} as records
    left join {{ links }} as hop_1 on records.record_key = hop_1.record_key
    {%- for hop in range(2, 6) %}
    left join {{ links }} as hop_{{ hop }} on hop_{{ hop - 1 }}.leader_key = hop_{{ hop }}.record_key
    {%- endfor %}
{%- endmacro %}
