-- Two by two the records that share a value of which several people may tell (some fact differs among them, a company holds it too, or
-- more than identity.nameless_per_identifier tell no name): whether they are unlike, so that the value is no proof of one person, and
-- whether they agree in more than the value, so that they are one all the same (is_linked). A telephone is lent and handed on: there
-- any other first name, birth date or sex is unlike; a mailbox or card must show two people (macro two_people), or a man and a woman of
-- whom one tells no first name. Agreeing in more is both names, or first name and birth date (she married), or first name and
-- patronymic, or, where one tells no first name, surname and birth date; in a household also the first name alone, if one tells no
-- surname and nothing differs. Between two who are unlike nobody is chosen: who agrees with both is linked with neither, unless in both
-- names and the birth date. One row per value and pair.
with identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type not in ('browser_client', 'source_record')
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

of_companies as (
    select distinct identifier_type, link_value
    from identifiers
    where is_company
),

holders as (
    select distinct
        identifiers.identifier_type,
        identifiers.link_value,
        of_companies.link_value is not null as is_of_company,
        profiles.profile_no,
        profiles.profile_id,
        profiles.first_name_key,
        profiles.first_names,
        profiles.last_name_key,
        profiles.middle_name_key,
        profiles.birth_date,
        {{ date_digits('profiles.birth_date') }} as birth_digits,
        profiles.sex,
        profiles.first_name_sex,
        profiles.is_common_name,
        profiles.is_surname
    from identifiers
    inner join profiles on identifiers.profile_id = profiles.profile_id
    left join of_companies
        on identifiers.identifier_type = of_companies.identifier_type and identifiers.link_value = of_companies.link_value
    where not identifiers.is_company
),

doubted as (
    select identifier_type, link_value
    from holders
    group by 1, 2
    having count(*) between 2 and {{ rule('identity.records_per_identifier') }}
        and count(distinct first_name_key) <= {{ rule('identity.names_per_identifier') }}
        and (
            count(distinct first_name_key) > 1
            or count(distinct last_name_key) > 1
            or count(distinct middle_name_key) > 1
            or count(distinct birth_date) > 1
            or count(distinct sex) > 1
            or max(case when is_of_company then 1 else 0 end) = 1
            or sum(case when coalesce(first_name_key, last_name_key) is null then 1 else 0 end)
            > {{ rule('identity.nameless_per_identifier') }}
        )
),

paired as (
    select
        one.identifier_type,
        one.link_value,
        one.is_of_company,
        one.profile_no,
        other.profile_no as other_profile_no,
        one.profile_id,
        other.profile_id as other_profile_id,
        one.first_name_key is null or other.first_name_key is null as a_first_missing,
        {{ beside_each_other('one', 'other') }}
    from doubted
    inner join holders as one on doubted.identifier_type = one.identifier_type and doubted.link_value = one.link_value
    inner join holders as other
        on doubted.identifier_type = other.identifier_type
            and doubted.link_value = other.link_value
            and one.profile_no < other.profile_no
),

judged as (
    select
        paired.*,
        {{ unrelated_surnames('paired') }} as lasts_unrelated,
        {{ one_first_name('paired') }} as is_one_first_name,
        {{ two_people('paired') }}
        or (paired.a_first_missing and paired.man_and_woman and not paired.names_crossed)
        or (
            paired.identifier_type = 'phone'
            and not paired.names_crossed
            and (
                not ({{ one_first_name('paired') }} or paired.a_first_missing)
                or paired.births_apart
                or paired.sexes_differ
                or (paired.a_first_missing and {{ unrelated_surnames('paired') }})
            )
        ) as are_unlike
    from paired
),

strangers as (
    select distinct identifier_type, link_value
    from judged
    where (are_unlike and lasts_unrelated) or is_of_company
),

agreeing as (
    select
        judged.*,
        judged.is_one_first_name and judged.lasts_near and judged.births_agree as agree_in_all
    from judged
    left join strangers on judged.identifier_type = strangers.identifier_type and judged.link_value = strangers.link_value
    where not judged.are_unlike
        and not judged.sexes_differ
        and (
            (judged.is_one_first_name and judged.lasts_near)
            or (strangers.link_value is null and judged.is_one_first_name and judged.lasts_told and not judged.lasts_unrelated)
            or (judged.names_crossed and not judged.births_apart)
            or (judged.is_one_first_name and judged.births_agree)
            or (judged.is_one_first_name and judged.middles_near and not judged.lasts_unrelated)
            or (judged.a_first_missing and judged.lasts_near and judged.births_agree)
            or (
                strangers.link_value is null
                and judged.firsts_agree
                and not judged.lasts_told
                and not judged.births_apart
                and not judged.middles_differ
            )
        )
),

friends as (
    select identifier_type, link_value, profile_no, other_profile_no from agreeing
    union all
    select identifier_type, link_value, other_profile_no as profile_no, profile_no as other_profile_no from agreeing
),

foes as (
    select identifier_type, link_value, profile_no, other_profile_no from judged
    where are_unlike
    union all
    select identifier_type, link_value, other_profile_no as profile_no, profile_no as other_profile_no from judged
    where are_unlike
),

-- Of a pair that agrees one also agrees with somebody who is unlike the other.
torn as (
    select distinct
        friends.identifier_type,
        friends.link_value,
        least(friends.profile_no, friends.other_profile_no) as profile_no,
        greatest(friends.profile_no, friends.other_profile_no) as other_profile_no
    from friends
    inner join friends as rivals
        on friends.identifier_type = rivals.identifier_type
            and friends.link_value = rivals.link_value
            and friends.profile_no = rivals.profile_no
            and friends.other_profile_no <> rivals.other_profile_no
    inner join foes
        on friends.identifier_type = foes.identifier_type
            and friends.link_value = foes.link_value
            and friends.other_profile_no = foes.profile_no
            and rivals.other_profile_no = foes.other_profile_no
),

final as (
    select
        judged.identifier_type,
        judged.link_value,
        judged.profile_no,
        judged.other_profile_no,
        judged.profile_id,
        judged.other_profile_id,
        judged.are_unlike,
        agreeing.link_value is not null and (agreeing.agree_in_all or torn.link_value is null) as is_linked
    from judged
    left join agreeing
        on judged.identifier_type = agreeing.identifier_type
            and judged.link_value = agreeing.link_value
            and judged.profile_no = agreeing.profile_no
            and judged.other_profile_no = agreeing.other_profile_no
    left join torn
        on judged.identifier_type = torn.identifier_type
            and judged.link_value = torn.link_value
            and judged.profile_no = torn.profile_no
            and judged.other_profile_no = torn.other_profile_no
)

select * from final
