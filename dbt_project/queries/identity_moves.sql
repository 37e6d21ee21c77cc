-- What a build of identity would do to the customer ids that readers know, asked of that build (orchestration/identity_diff.py):
-- `merges`: the old id is borne by nobody any more and leads to customer_id; `splits`: records of it get an id never used before;
-- `moves`: records of it go to a customer that was there already. profile_id is one of the records that go, other_profile_id one that
-- stays or that they join: identity_path.sql tells what ties the two, identity_obstacles.sql what parts them. One row per old and new id.
with moves as (
    select * from intermediate.int_identity_moves
),

assignments as (
    select customer_id, is_minted from intermediate.int_identity_assignments
),

members as (
    select profiles.profile_no, profiles.profile_id, registry.customer_id, published_registry.customer_id as old_customer_id
    from intermediate.int_identity_profiles as profiles
    inner join intermediate.identity_registry as registry on profiles.profile_id = registry.profile_id
    left join memory.main.published_registry on profiles.profile_id = published_registry.profile_id
),

gone as (
    select old_customer_id, customer_id, min_by(profile_id, profile_no) as profile_id
    from members
    where old_customer_id <> customer_id
    group by all
),

joined as (
    select customer_id, min_by(profile_id, profile_no) as profile_id
    from members
    where customer_id = old_customer_id
    group by all
)

select
    case
        when moves.is_retired and moves.place = 1 then 'merges'
        when assignments.is_minted then 'splits'
        else 'moves'
    end as kind,
    moves.old_customer_id,
    moves.customer_id,
    moves.records,
    gone.profile_id,
    case when moves.is_retired and moves.place = 1 then joined.profile_id else left_behind.profile_id end as other_profile_id
from moves
inner join assignments on moves.customer_id = assignments.customer_id
inner join gone on moves.old_customer_id = gone.old_customer_id and moves.customer_id = gone.customer_id
left join joined on moves.customer_id = joined.customer_id
left join joined as left_behind on moves.old_customer_id = left_behind.customer_id
order by kind, moves.records desc, moves.old_customer_id, moves.customer_id
