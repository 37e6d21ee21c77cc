-- Pairs that no chain of links may join: what a steward forbade (level 0 stops every link), and records of one component
-- that say they are two people. Differing in birth date and in first name they are (level 3 stops every shared value, while
-- the word of a vendor or steward stands); differing in birth date alone they may be father and son at one telephone, or
-- one person and a typing error (level 5 stops phones only). One row per pair.
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
    where profiles.birth_date is not null and not profiles.is_company
),

mixed as (
    select component_no
    from described
    group by component_no
    having count(distinct birth_date) > 1
),

final as (
    select one.profile_no, other.profile_no as other_profile_no, 0 as level
    from decisions
    inner join profiles as one on decisions.profile_a = one.profile_id
    inner join profiles as other on decisions.profile_b = other.profile_id

    union all

    select
        one.profile_no,
        other.profile_no as other_profile_no,
        case when one.first_name_key <> other.first_name_key then 3 else 5 end as level
    from mixed
    inner join described as one on mixed.component_no = one.component_no
    inner join described as other
        on mixed.component_no = other.component_no
            and one.profile_no < other.profile_no
            and one.birth_date <> other.birth_date
)

select * from final
