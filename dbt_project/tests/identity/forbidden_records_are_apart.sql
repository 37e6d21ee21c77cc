-- What a steward forbade holds, through whatever chain of links. A record forbidden to itself asks for nothing (decisions_come_into_force
-- warns of it).
select decisions.decision_id, one.customer_id
from {{ ref('steward_decisions') }} as decisions
inner join {{ ref('identity_registry') }} as one on decisions.profile_a = one.profile_id and one.is_present
inner join {{ ref('identity_registry') }} as other on decisions.profile_b = other.profile_id and other.is_present
where decisions.decision = 'forbid' and decisions.profile_a <> decisions.profile_b and one.customer_id = other.customer_id
