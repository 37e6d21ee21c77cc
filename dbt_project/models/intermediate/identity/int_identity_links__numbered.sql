-- The links as numbers, for the graph, which follows those of one rank in the order of their numbers: of two likenesses the
-- heavier comes first. Nodes that only one profile holds link nobody and are left out; one row per profile and node.
with links as (
    select * from {{ ref('int_identity_links') }}
),

nodes as (
    select node, row_number() over (order by max(weight) desc nulls first, node) as node_no
    from links
    group by node
    having count(*) > 1
),

final as (
    select links.profile_no, nodes.node_no, links.rank
    from links
    inner join nodes on links.node = nodes.node
)

select * from final
