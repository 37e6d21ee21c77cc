{{ config(severity='warn') }}
-- An alert, no gate: a steward's decision that changes nothing. It names a record that was never seen (a slip of the pen: records are
-- written as system:account:record id) or one record twice, or it joins two whom a forbidden pair keeps apart.
with decisions as (
    select * from {{ ref('steward_decisions') }}
),

registry as (
    select * from {{ ref('identity_registry') }}
)

select
    decisions.decision_id,
    decisions.profile_a,
    decisions.profile_b,
    case
        when one.profile_id is null then 'never seen: ' || decisions.profile_a
        when other.profile_id is null then 'never seen: ' || decisions.profile_b
        when one.profile_id = other.profile_id then 'names one record twice'
        else 'a forbidden pair keeps them apart'
    end as problem
from decisions
left join registry as one on decisions.profile_a = one.profile_id
left join registry as other on decisions.profile_b = other.profile_id
where one.profile_id is null
    or other.profile_id is null
    or one.profile_id = other.profile_id
    or (decisions.decision = 'force' and one.is_present and other.is_present and one.customer_id <> other.customer_id)
