-- The living registry: which customer each record belongs to, and since when. A pure function of tonight's clusters and
-- of the registry in the last publication, so a failed night changes nothing and a deleted warehouse comes back with the
-- same ids. A record that is gone keeps its place (is_present = false) and finds its customer again when it returns; one
-- row per vendor profile ever seen.
with members as (
    select * from {{ ref('int_identity_clusters') }}
),

assignments as (
    select * from {{ ref('int_identity_assignments') }}
),

moves as (
    select * from {{ ref('int_identity_moves') }}
    where is_retired and place = 1
),

registered as (
    select * from {{ published_table('identity_registry') }}
),

present as (
    select
        members.profile_id,
        assignments.customer_id,
        case
            when registered.customer_id = assignments.customer_id then registered.linked_at
            else {{ as_of() }}
        end as linked_at,
        true as is_present
    from members
    inner join assignments on members.cluster_no = assignments.cluster_no
    left join registered on members.profile_id = registered.profile_id
),

absent as (
    select
        registered.profile_id,
        coalesce(moves.customer_id, registered.customer_id) as customer_id,
        registered.linked_at,
        false as is_present
    from registered
    left join present on registered.profile_id = present.profile_id
    left join moves on registered.customer_id = moves.old_customer_id
    where present.profile_id is null
),

final as (
    select * from present
    union all
    select * from absent
)

select
    profile_id,
    customer_id,
    linked_at,
    is_present
from final
order by profile_id
