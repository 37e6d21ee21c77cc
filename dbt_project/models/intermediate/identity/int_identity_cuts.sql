-- Pairs that no chain of links may join: what a steward forbade (level 0 stops every link), and records of one component
-- that differ in birth date and in first name, so surely two people (level 3 stops shared values, while the word of a
-- vendor or steward stands); one row per pair.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

components as (
    select * from {{ ref('int_identity_components') }}
),

decisions as (
    select * from {{ ref('steward_decisions') }}
    where decision = 'forbid'
),

described as (
    select
        components.component_no,
        profiles.profile_no,
        profiles.first_name_key,
        profiles.birth_date
    from components
    inner join profiles on components.profile_no = profiles.profile_no
    where profiles.first_name_key is not null and profiles.birth_date is not null and not profiles.is_company
),

mixed as (
    select component_no
    from described
    group by component_no
    having count(distinct first_name_key) > 1 and count(distinct birth_date) > 1
),

final as (
    select one.profile_no, other.profile_no as other_profile_no, 0 as level
    from decisions
    inner join profiles as one on decisions.profile_a = one.profile_id
    inner join profiles as other on decisions.profile_b = other.profile_id

    union all

    select one.profile_no, other.profile_no as other_profile_no, 3 as level
    from mixed
    inner join described as one on mixed.component_no = one.component_no
    inner join described as other
        on mixed.component_no = other.component_no
            and one.profile_no < other.profile_no
            and one.birth_date <> other.birth_date
            and one.first_name_key <> other.first_name_key
)

select * from final
