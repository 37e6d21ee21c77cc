-- What happened to customer ids, appended night by night: created, merged (customer_id took other_customer_id over), split
-- (records of customer_id went to other_customer_id), forced and forbidden (a steward's decision came into force); one row
-- per event.
with told as (
    select * from {{ published_table('identity_events') }}
),

assignments as (
    select * from {{ ref('int_identity_assignments') }}
),

clusters as (
    select * from {{ ref('int_identity_clusters') }}
),

moves as (
    select * from {{ ref('int_identity_moves') }}
),

registry as (
    select * from {{ ref('identity_registry') }}
),

decisions as (
    select * from {{ ref('steward_decisions') }}
),

created as (
    select
        'created' as event_type,
        assignments.customer_id,
        cast(null as {{ dbt.type_string() }}) as other_customer_id,
        'first seen as ' || clusters.profile_id as reason
    from assignments
    inner join clusters on assignments.cluster_no = clusters.profile_no
    left join moves on assignments.customer_id = moves.customer_id
    where assignments.is_minted and moves.customer_id is null
),

moved as (
    select
        case when is_retired and place = 1 then 'merged' else 'split' end as event_type,
        case when is_retired and place = 1 then customer_id else old_customer_id end as customer_id,
        case when is_retired and place = 1 then old_customer_id else customer_id end as other_customer_id,
        cast(records as {{ dbt.type_string() }}) || ' record' || case when records = 1 then '' else 's' end || ' of '
        || old_customer_id || ' now belong to ' || customer_id as reason
    from moves
),

decided as (
    select
        case decisions.decision when 'force' then 'forced' when 'forbid' then 'forbidden' end as event_type,
        one.customer_id,
        other.customer_id as other_customer_id,
        {{ decision_told('decisions') }} as reason
    from decisions
    inner join registry as one on decisions.profile_a = one.profile_id
    inner join registry as other on decisions.profile_b = other.profile_id
    -- In force: both are shown, and they are what it says they are (a forbid wins over a force, and over a chain).
    where decisions.decision in ('force', 'forbid')
        and one.is_present and other.is_present and one.profile_id <> other.profile_id
        and (decisions.decision = 'force') = (one.customer_id = other.customer_id)
),

fresh as (
    select * from created
    union all
    select * from moved
    union all
    select decided.*
    from decided
    left join told on decided.event_type = told.event_type and decided.reason = told.reason
    where told.reason is null
),

final as (
    select event_at, event_type, customer_id, other_customer_id, reason
    from told

    union all

    select {{ as_of() }} as event_at, event_type, customer_id, other_customer_id, reason
    from fresh
)

select
    event_at,
    event_type,
    customer_id,
    other_customer_id,
    reason
from final
order by event_at, event_type, customer_id, other_customer_id
