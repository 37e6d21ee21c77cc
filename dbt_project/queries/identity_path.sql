-- How two records are tied together: of all chains of links between them the one whose weakest kind of link is strongest, of those
-- the shortest, and at each step the strongest link. Asked of the warehouse (DuckDB), whose links stand in no published table:
--     set variable profile_a = '<system>:<account>:<record>'; set variable profile_b = '…';
-- Of one customer's records only links inside the customer count. Of two customers' records the chain shows where it was refused
-- (is_in_force): identity_obstacles.sql says why. `weight`: how alike the two records are in bits, where both tell something to compare.
-- No row where no chain ties them; one row per step.
with recursive
asked as (
    select one.profile_no as from_no, other.profile_no as to_no, one.cluster_no = other.cluster_no as are_one, one.cluster_no
    from intermediate.int_identity_clusters as one, intermediate.int_identity_clusters as other
    where one.profile_id = getvariable('profile_a') and other.profile_id = getvariable('profile_b')
),

component as (
    select members.profile_no
    from intermediate.int_identity_components as start
    inner join asked on start.profile_no = asked.from_no
    inner join intermediate.int_identity_components as members on start.component_no = members.component_no
),

links as materialized (
    select links.*, clusters.cluster_no
    from intermediate.int_identity_links as links
    inner join component on links.profile_no = component.profile_no
    inner join intermediate.int_identity_clusters as clusters on links.profile_no = clusters.profile_no
    cross join asked
    where not asked.are_one or clusters.cluster_no = asked.cluster_no
),

-- Who is reached over links of each rank and stronger ones, and in how many steps.
reached as (
    select distinct links.rank as weakest, asked.from_no as profile_no, 0 as steps
    from links cross join asked

    union

    select reached.weakest, there.profile_no, reached.steps + 1
    from reached
    inner join links as here on reached.profile_no = here.profile_no and here.rank <= reached.weakest
    inner join links as there on here.node = there.node and here.profile_no <> there.profile_no
    where reached.steps < 30
),

soonest as materialized (
    select weakest, profile_no, min(steps) as steps
    from reached
    where weakest = (select min(reached.weakest) from reached inner join asked on reached.profile_no = asked.to_no)
    group by all
),

-- From the end back to the beginning, each time to a record that is one step nearer.
chain as (
    select
        soonest.profile_no, soonest.steps, cast(null as bigint) as next_no, cast(null as varchar) as link_type,
        cast(null as varchar) as link_value
    from soonest
    inner join asked on soonest.profile_no = asked.to_no

    union all

    select *
    from (
        select there.profile_no, nearer.steps, chain.profile_no as next_no, here.link_type, here.link_value
        from chain
        inner join links as here on chain.profile_no = here.profile_no
        inner join links as there on here.node = there.node and here.profile_no <> there.profile_no
        inner join soonest as nearer on there.profile_no = nearer.profile_no and chain.steps - 1 = nearer.steps
        where here.rank <= nearer.weakest
        order by here.rank, here.weight desc nulls last, here.node, there.profile_no
        limit 1
    )
)

select
    chain.steps + 1 as step,
    one.profile_id,
    other.profile_id as other_profile_id,
    chain.link_type,
    case
        when chain.link_type = 'email' then left(chain.link_value, 1) || '***@' || split_part(chain.link_value, '@', 2)
        when chain.link_type = 'phone' then left(chain.link_value, 2) || '***' || right(chain.link_value, 4)
        when chain.link_type = 'steward' then decisions.author || ': ' || decisions.reason
        when chain.link_type = 'vendor_merge' then 'its vendor merged them'
        when chain.link_type = 'source_record' then 'named by id: ' || chain.link_value
        when chain.link_type = 'probabilistic' then chain.link_value
        else '***' || right(chain.link_value, 4)
    end as reason,
    case when pairs.evidence <> '' then pairs.weight end as weight,
    one.cluster_no = other.cluster_no as is_in_force
from chain
inner join intermediate.int_identity_clusters as one on chain.profile_no = one.profile_no
inner join intermediate.int_identity_clusters as other on chain.next_no = other.profile_no
left join intermediate.int_identity_pairs as pairs
    on least(one.profile_id, other.profile_id) = pairs.profile_a and greatest(one.profile_id, other.profile_id) = pairs.profile_b
left join seeds.steward_decisions as decisions
    on chain.link_type = 'steward' and decisions.decision = 'force'
        and least(decisions.profile_a, decisions.profile_b) = least(one.profile_id, other.profile_id)
        and greatest(decisions.profile_a, decisions.profile_b) = greatest(one.profile_id, other.profile_id)
order by step
