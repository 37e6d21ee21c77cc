-- Who is one person (or one company): the components of the links, cut where two people met, and everybody else alone.
-- Likeness alone makes no cluster of more records than identity.cluster_size_limit, and joins nobody with one of two people.
-- A cluster is named by the number of its oldest record, which changes from night to night; the id that lives is given
-- in int_identity_assignments. One row per profile.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

linked as (
    {{ linked_components(
        ref('int_identity_links__numbered'), ref('int_identity_cuts'), limit=rule('identity.cluster_size_limit')
    ) }}
),

final as (
    select
        profiles.profile_no,
        profiles.profile_id,
        profiles.is_known,
        coalesce(linked.component_no, profiles.profile_no) as cluster_no
    from profiles
    left join linked on profiles.profile_no = linked.profile_no
)

select * from final
