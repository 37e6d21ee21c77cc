-- Pairs that no chain of links may join: what a steward forbade (level 0 stops every link), and records of one component
-- that say they are two people. Differing in birth date and in first name they are (level 3 stops every shared value, while
-- the word of a vendor or steward stands); differing in birth date alone they may be father and son at one telephone, or
-- one person and a typing error (level 5 stops phones and likeness); differing in sex or middle name, likeness is not enough
-- (level 7). Birth dates a digit apart are a typing error where a name agrees, and cut nothing. Only where the digit is that of
-- the decade they may be those of father and son, who share a surname and a telephone: there both names must agree, or a middle
-- name, or the weight of the pair must say that it is one person. One row per pair.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

features as (
    select * from {{ ref('int_identity_features') }}
),

components as (
    select * from {{ ref('int_identity_components') }}
),

alike as (
    select profile_a, profile_b
    from {{ ref('int_identity_pairs') }}
    where weight >= {{ least_weight('identity.link_weight') }}
),

decisions as (
    select * from {{ ref('steward_decisions') }}
    where decision = 'forbid'
),

described as (
    select
        components.component_no,
        features.profile_no,
        features.profile_id,
        features.first_name_key,
        features.last_name_key,
        features.middle_name_key,
        features.birth_date,
        features.birth_digits,
        features.sex
    from components
    inner join features on components.profile_no = features.profile_no
),

mixed as (
    select component_no
    from described
    group by component_no
    having count(distinct birth_date) > 1 or count(distinct middle_name_key) > 1 or count(distinct sex) > 1
),

paired as (
    select
        one.profile_no,
        other.profile_no as other_profile_no,
        least(one.profile_id, other.profile_id) as profile_a,
        greatest(one.profile_id, other.profile_id) as profile_b,
        coalesce(one.birth_date <> other.birth_date, false) as births_differ,
        coalesce({{ letters_apart('one.birth_digits', 'other.birth_digits') }} <= 1, false) as births_near,
        coalesce(substring(one.birth_digits, 3, 1) <> substring(other.birth_digits, 3, 1), false) as decades_differ,
        coalesce(one.first_name_key <> other.first_name_key, false) as firsts_differ,
        coalesce({{ letters_apart('one.first_name_key', 'other.first_name_key') }} <= 1, false) as firsts_near,
        coalesce(one.last_name_key = other.last_name_key, false) as lasts_agree,
        coalesce({{ letters_apart('one.last_name_key', 'other.last_name_key') }} <= 1, false) as lasts_near,
        coalesce(one.first_name_key = other.last_name_key and one.last_name_key = other.first_name_key, false) as names_swapped,
        coalesce({{ letters_apart('one.middle_name_key', 'other.middle_name_key') }} <= 1, false) as middles_near,
        coalesce({{ letters_apart('one.middle_name_key', 'other.middle_name_key') }} > 1, false) as middles_differ,
        coalesce(one.sex <> other.sex, false) as sexes_differ
    from mixed
    inner join described as one on mixed.component_no = one.component_no
    inner join described as other on mixed.component_no = other.component_no and one.profile_no < other.profile_no
),

judged as (
    select
        paired.*,
        paired.births_near
        and (paired.firsts_near or paired.lasts_agree or paired.names_swapped)
        and (
            not paired.decades_differ
            or paired.middles_near
            or alike.profile_a is not null
            or (((paired.firsts_near and paired.lasts_near) or paired.names_swapped) and not paired.middles_differ)
        ) as is_typing_error
    from paired
    left join alike on paired.profile_a = alike.profile_a and paired.profile_b = alike.profile_b
),

final as (
    select one.profile_no, other.profile_no as other_profile_no, 0 as level
    from decisions
    inner join profiles as one on decisions.profile_a = one.profile_id
    inner join profiles as other on decisions.profile_b = other.profile_id

    union all

    select
        profile_no,
        other_profile_no,
        case
            when births_differ and not is_typing_error and firsts_differ then 3
            when births_differ and not is_typing_error then 5
            else 7
        end as level
    from judged
    where (births_differ and not is_typing_error) or middles_differ or sexes_differ
)

select * from final
