-- Pairs that no chain of links may join: what a steward forbade (level 0 stops every link), and records of one component
-- that say they are two people. Differing in birth date and in first name, or in sex and in first name, they are (level 3 stops
-- every shared value, while the word of a vendor or steward stands); differing in birth date alone they may be father and son at
-- one telephone, or one person and a typing error (level 5 stops phones and likeness); differing in sex or middle name alone,
-- likeness is not enough (level 7). Birth dates a digit apart are a typing error where a name agrees, and cut nothing. Only where
-- the digit is that of the decade they may be those of father and son, who share a surname and a telephone: there both names must
-- agree, or a middle name, or the weight of the pair must say that it is one person. Dates two digits apart are two errors where
-- a third record is an error's distance from both, and the first names agree. A number that was handed on parts its owners, people of
-- different surnames (level 5), unless the birth date agrees, or the first name while nothing else differs: she may have married.
-- `reason` says in words what keeps them apart. One row per pair.
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

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where identifier_type = 'phone' and rejected_because is null and not is_company
),

numbers as (
    select link_value from {{ ref('int_identifier_groups') }}
    where is_handed_on and verdict <> 'too_many'
),

described as (
    select
        components.component_no,
        features.profile_no,
        features.profile_id,
        features.first_name_key,
        features.first_names,
        features.last_name_key,
        features.middle_name_key,
        features.birth_date,
        features.birth_digits,
        features.sex,
        profiles.first_name_sex,
        profiles.is_common_name,
        profiles.is_surname
    from components
    inner join features on components.profile_no = features.profile_no
    left join profiles on components.profile_no = profiles.profile_no
),

mixed as (
    select component_no
    from described
    group by component_no
    having count(distinct birth_date) > 1
        or count(distinct middle_name_key) > 1
        or count(distinct sex) > 1
        or count(distinct first_name_key) > 1
        or count(distinct last_name_key) > 1
),

paired as (
    select
        one.profile_no,
        other.profile_no as other_profile_no,
        least(one.profile_id, other.profile_id) as profile_a,
        greatest(one.profile_id, other.profile_id) as profile_b,
        coalesce(substring(one.birth_digits, 3, 1) <> substring(other.birth_digits, 3, 1), false) as decades_differ,
        coalesce({{ letters_apart('one.first_name_key', 'other.first_name_key') }} <= 1, false) as firsts_a_letter_apart,
        coalesce(one.last_name_key = other.last_name_key, false) as lasts_agree,
        coalesce({{ letters_apart('one.last_name_key', 'other.last_name_key') }} <= 1, false) as lasts_a_letter_apart,
        coalesce(one.birth_date <> other.birth_date, false) as births_differ,
        {{ beside_each_other('one', 'other') }}
    from mixed
    inner join described as one on mixed.component_no = one.component_no
    inner join described as other on mixed.component_no = other.component_no and one.profile_no < other.profile_no
),

judged as (
    select
        paired.*,
        paired.births_near
        and (paired.firsts_a_letter_apart or paired.lasts_agree or paired.names_crossed)
        and (
            not paired.decades_differ
            or paired.middles_near
            or alike.profile_a is not null
            or (((paired.firsts_a_letter_apart and paired.lasts_a_letter_apart) or paired.names_crossed) and not paired.middles_differ)
        ) as is_typing_error,
        {{ two_people('paired') }} as are_two_people,
        {{ unrelated_surnames('paired') }} as lasts_unrelated
    from paired
    left join alike on paired.profile_a = alike.profile_a and paired.profile_b = alike.profile_b
),

mistaken as (
    select profile_no, other_profile_no from judged where is_typing_error
    union all
    select other_profile_no as profile_no, profile_no as other_profile_no from judged where is_typing_error
),

mistaken_twice as (
    select distinct judged.profile_no, judged.other_profile_no
    from judged
    inner join mistaken as one on judged.profile_no = one.profile_no
    inner join mistaken as other
        on judged.other_profile_no = other.profile_no and one.other_profile_no = other.other_profile_no
    where judged.births_differ and not judged.is_typing_error and (judged.firsts_a_letter_apart or judged.names_crossed)
),

parted as (
    select judged.*, judged.births_differ and not judged.is_typing_error and mistaken_twice.profile_no is null as are_born_apart
    from judged
    left join mistaken_twice
        on judged.profile_no = mistaken_twice.profile_no and judged.other_profile_no = mistaken_twice.other_profile_no
),

-- The owners of a number by surname, and since when and until when each told it, on each record that bears the surname.
tellers as (
    select
        numbers.link_value,
        features.*,
        profiles.is_common_name,
        {{ surname_stem('features.last_name_key') }} as surname,
        coalesce(identifiers.first_seen_at, profiles.first_seen_at) as told_at
    from numbers
    inner join identifiers on numbers.link_value = identifiers.link_value
    inner join features on identifiers.profile_id = features.profile_id
    inner join profiles on features.profile_no = profiles.profile_no
    where features.last_name_key is not null
),

owners as (
    select
        tellers.*,
        min(told_at) over (partition by link_value, surname) as first_told_at,
        max(told_at) over (partition by link_value, surname) as last_told_at
    from tellers
),

handed_on as (
    select distinct one.profile_no, other.profile_no as other_profile_no
    from owners as one
    inner join owners as other on one.link_value = other.link_value and one.profile_no <> other.profile_no
    where {{ handed_on('one', 'other') }}
),

told as (
    select one.profile_no, other.profile_no as other_profile_no, 0 as level, 'a steward forbade it' as reason
    from decisions
    inner join profiles as one on decisions.profile_a = one.profile_id
    inner join profiles as other on decisions.profile_b = other.profile_id

    union all

    select
        profile_no,
        other_profile_no,
        case
            when are_two_people or (are_born_apart and firsts_differ) then 3
            when sexes_differ and firsts_differ and not firsts_a_letter_apart and not names_crossed then 3
            when are_born_apart then 5
            else 7
        end as level,
        concat_ws(
            ', ',
            case when are_born_apart then 'different birth dates' end,
            case when firsts_differ then 'different first names' end,
            case when middles_differ then 'different middle names' end,
            case when sexes_differ then 'different sexes' end,
            case when are_two_people and lasts_unrelated then 'different last names' end
        ) as reason
    from parted
    where are_two_people or are_born_apart or middles_differ or sexes_differ

    union all

    select
        least(profile_no, other_profile_no) as profile_no,
        greatest(profile_no, other_profile_no) as other_profile_no,
        5 as level,
        'a number that was handed on' as reason
    from handed_on
),

final as (
    select profile_no, other_profile_no, min(level) as level, {{ sorted_text_list('reason') }} as reason
    from told
    group by 1, 2
)

select * from final
