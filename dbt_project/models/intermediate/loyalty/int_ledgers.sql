-- Which systems' points ledgers count. Systems named in field_precedence (entity loyalty, field ledger) keep books of one
-- and the same programme: the best ranked of those that hold any operation counts, the others mirror it; accounts alone
-- count only while nobody has operations, since a ledger without movements would empty the books of those that have them.
-- A system that is not named keeps a programme of its own. One row per source system.
{{ config(materialized='view') }}

with holders as (
    select source_system, max(operations) as operations
    from (
        select source_system, 0 as operations from {{ ref('int_loyalty_accounts__united') }}
        union
        select source_system, 1 from {{ ref('int_loyalty_operations__united') }}
    ) as told
    group by source_system
),

precedence as (
    select * from {{ ref('field_precedence') }}
    where entity = 'loyalty' and field = 'ledger'
),

ranked as (
    select
        holders.source_system,
        precedence.{{ adapter.quote('rank') }} as ledger_rank,
        coalesce(
            min(case when holders.operations = 1 then precedence.{{ adapter.quote('rank') }} end) over (),
            min(precedence.{{ adapter.quote('rank') }}) over ()
        ) as best_rank
    from holders
    left join precedence on holders.source_system = precedence.source_system
),

final as (
    select
        source_system,
        coalesce(ledger_rank = best_rank, true) as is_counted
    from ranked
)

select * from final
