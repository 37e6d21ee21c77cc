-- Who is one person (or one company): the components of the links, cut where two people met, and everybody else alone.
-- Likeness alone makes no cluster of more records than identity.cluster_size_limit, and joins nobody with one of two people.
-- A cluster is named by the number of its oldest record, which changes from night to night; the id that lives is given
-- in int_identity_assignments. One row per profile.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

components as (
    select * from {{ ref('int_identity_components') }}
),

cuts as (
    select * from {{ ref('int_identity_cuts') }}
),

-- Only where a cut lies inside a component, or it is too big, are its links walked one by one.
doubted as (
    select component_no
    from components
    group by component_no
    having count(*) > {{ rule('identity.cluster_size_limit') }}

    union

    select one.component_no
    from cuts
    inner join components as one on cuts.profile_no = one.profile_no
    inner join components as other on cuts.other_profile_no = other.profile_no and one.component_no = other.component_no
),

doubted_links as (
    select links.profile_no, links.node_no, links.rank
    from {{ ref('int_identity_links__numbered') }} as links
    inner join components on links.profile_no = components.profile_no
    inner join doubted on components.component_no = doubted.component_no
),

parted as (
    {{ linked_components('doubted_links', 'cuts', limit=rule('identity.cluster_size_limit')) }}
),

final as (
    select
        profiles.profile_no,
        profiles.profile_id,
        profiles.is_known,
        coalesce(parted.component_no, components.component_no, profiles.profile_no) as cluster_no
    from profiles
    left join components on profiles.profile_no = components.profile_no
    left join parted on profiles.profile_no = parted.profile_no
)

select * from final
