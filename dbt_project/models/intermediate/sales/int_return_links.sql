-- Who follows whom among the records of returns. A record of a lower ranked system is the mirror of at most one record of a better
-- one, by the strongest evidence there is: what the till printed (fiscal_key) or an external id; else the same order and amount, at
-- most sales.mirror_window_days apart; else, when one of the two does not know the order, the same store, business day and amount.
-- Two slips of two tills are never one return, so the weaker evidence asks that one of the two has no fiscal key. Of several alike
-- the first is the first, the second the second. Resent copies take no part. One row per record that follows another.
{% set seconds_apart = 'abs(' ~ dbt.datediff('leader.returned_at', 'mirror.returned_at', 'second') ~ ')' -%}
{% set weaker = [
    ('order and amount', 'mirror.order_id',
        'leader.order_id = mirror.order_id and ' ~ seconds_apart ~ ' <= ' ~ rule('sales.mirror_window_days') ~ ' * 86400'),
    ('store, day and amount', "mirror.store_id || ' ' || cast(mirror.returned_on as " ~ dbt.type_string() ~ ')',
        'leader.store_id = mirror.store_id and leader.returned_on = mirror.returned_on'
        ~ ' and (leader.order_id is null or mirror.order_id is null)'),
] -%}
{% set kinds_of_evidence = [
    ('fiscal key', 'fiscal_key', 'true'),
    ('external id', 'external_return_id', 'true'),
    ('external id', 'source_record_id', 'false'),
] -%}
with believed as (
    select * from {{ ref('int_returns__told') }}
    where copy_of is null
),

evidence as (
    {#- An id is evidence for whoever names it: of two systems that count alike neither names the other's. #}
    {%- for called, value, is_naming in kinds_of_evidence %}
    select
        record_key,
        source_system,
        source_account,
        record_rank,
        returned_at,
        '{{ called }}' as matched_by,
        {{ value }} as value_shared,
        {{ is_naming }} as is_naming
    from believed
    where {{ value }} is not null
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
),

named_pairs as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        mirror.matched_by,
        leader.record_rank,
        {{ seconds_apart }} as seconds_apart
    from evidence as mirror
    inner join evidence as leader
        on mirror.matched_by = leader.matched_by
            and mirror.value_shared = leader.value_shared
            and mirror.record_rank > leader.record_rank
    where mirror.is_naming or leader.is_naming
),

named_leader as (
    select
        *,
        row_number() over (
            partition by record_key order by record_rank, seconds_apart, leader_key, matched_by
        ) as choice
    from named_pairs
),

named_mirror as (
    select
        *,
        row_number() over (
            partition by leader_key, source_system, source_account order by seconds_apart, record_key
        ) as place
    from named_leader
    where choice = 1
),

links_0 as (
    select record_key, leader_key, source_system, source_account, matched_by, 1 as weakness, seconds_apart
    from named_mirror
    where place = 1
),

{%- for called, alike, condition in weaker %}
{%- set stage = loop.index %}
{%- set before = 'links_' ~ (stage - 1) %}

pairs_{{ stage }} as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        leader.source_system as leader_system,
        leader.source_account as leader_account,
        leader.record_rank,
        {{ alike }} as alike,
        mirror.amount,
        mirror.returned_at,
        leader.returned_at as leader_returned_at,
        {{ seconds_apart }} as seconds_apart
    from believed as mirror
    inner join believed as leader
        on mirror.amount = leader.amount
            and mirror.currency = leader.currency
            and leader.record_rank < mirror.record_rank
            and {{ condition }}
    left join {{ before }} as followed on mirror.record_key = followed.record_key
    left join {{ before }} as follows on leader.record_key = follows.record_key
    left join {{ before }} as taken
        on leader.record_key = taken.leader_key
            and mirror.source_system = taken.source_system
            and mirror.source_account = taken.source_account
    where (mirror.fiscal_key is null or leader.fiscal_key is null)
        and followed.record_key is null
        and follows.record_key is null
        and taken.record_key is null
),

turns_{{ stage }} as (
    select
        *,
        dense_rank() over (
            partition by alike, amount, source_system, source_account, leader_system, leader_account
            order by returned_at, record_key
        ) as mirror_turn,
        dense_rank() over (
            partition by alike, amount, source_system, source_account, leader_system, leader_account
            order by leader_returned_at, leader_key
        ) as leader_turn
    from pairs_{{ stage }}
),

chosen_{{ stage }} as (
    select
        *,
        row_number() over (partition by record_key order by record_rank, leader_key) as choice
    from turns_{{ stage }}
    where mirror_turn = leader_turn
),

links_{{ stage }} as (
    select * from {{ before }}
    union all
    select
        record_key,
        leader_key,
        source_system,
        source_account,
        '{{ called }}' as matched_by,
        {{ stage + 1 }} as weakness,
        seconds_apart
    from chosen_{{ stage }}
    where choice = 1
),
{%- endfor %}

final as (
    select record_key, leader_key, matched_by, weakness, seconds_apart
    from links_2
)

select * from final
