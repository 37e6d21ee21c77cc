-- The evidence that records are one person, from the strongest kind (rank 0) to the weakest. Each row ties a profile to a
-- node; profiles at one node are linked. A node is a shared value, the record that a vendor or steward names, or, where
-- a value is conflicted, one pair of records that agree in more than the value; last (rank 7) come pairs that are alike enough
-- (identity.link_weight), by `weight` in bits. A browser ties nobody: a family sits at one.
-- One row per profile and node.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null
),

groups as (
    select * from {{ ref('int_identifier_groups') }}
),

declared_merges as (
    select * from {{ ref('int_profile_merges') }}
),

decisions as (
    select * from {{ ref('steward_decisions') }}
    where decision = 'force'
),

named_pairs as (
    select profile_a as profile_id, profile_b as other_profile_id, 'steward' as link_type, 0 as rank
    from decisions

    union all

    select
        source_system || ':' || source_account || ':' || merged_record_id as profile_id,
        profile_id as other_profile_id,
        'vendor_merge' as link_type,
        1 as rank
    from declared_merges
),

-- A pair is two rows at one node, so that the node is found from both ends.
named as (
    select
        one.profile_no,
        one.profile_id,
        named_pairs.link_type || '|' || named_pairs.profile_id || '|' || named_pairs.other_profile_id as node,
        named_pairs.link_type,
        cast(null as {{ dbt.type_string() }}) as link_value,
        named_pairs.rank
    from named_pairs
    inner join profiles as one on named_pairs.profile_id = one.profile_id
    inner join profiles as other on named_pairs.other_profile_id = other.profile_id

    union all

    select
        other.profile_no,
        other.profile_id,
        named_pairs.link_type || '|' || named_pairs.profile_id || '|' || named_pairs.other_profile_id as node,
        named_pairs.link_type,
        cast(null as {{ dbt.type_string() }}) as link_value,
        named_pairs.rank
    from named_pairs
    inner join profiles as one on named_pairs.profile_id = one.profile_id
    inner join profiles as other on named_pairs.other_profile_id = other.profile_id
),

-- Those who name a record by its id meet at that id, and so does the record itself, unless too many name it.
referring as (
    select identifiers.profile_id, identifiers.link_value
    from identifiers
    left join groups
        on identifiers.identifier_type = groups.identifier_type
            and identifiers.link_value = groups.link_value
            and identifiers.is_company = groups.is_company
    where identifiers.identifier_type = 'source_record' and coalesce(groups.verdict, 'link') <> 'too_many'
),

cross_references as (
    select
        profiles.profile_no,
        profiles.profile_id,
        'source_record|' || referring.link_value as node,
        'source_record' as link_type,
        referring.link_value,
        2 as rank
    from referring
    inner join profiles on referring.profile_id = profiles.profile_id

    union

    select
        profiles.profile_no,
        profiles.profile_id,
        'source_record|' || referring.link_value as node,
        'source_record' as link_type,
        referring.link_value,
        2 as rank
    from referring
    inner join profiles on referring.link_value = profiles.profile_id
),

members as (
    select distinct
        profiles.profile_no,
        profiles.profile_id,
        groups.verdict,
        groups.is_of_company,
        identifiers.identifier_type as link_type,
        identifiers.link_value,
        identifiers.identifier_type || '|' || identifiers.link_value
        || case when identifiers.is_company then '|company' else '' end as node,
        case identifiers.identifier_type
            when 'loyalty_card' then 3 when 'email' then 4 when 'phone' then 5 else 6
        end as rank
    from identifiers
    inner join groups
        on identifiers.identifier_type = groups.identifier_type
            and identifiers.link_value = groups.link_value
            and identifiers.is_company = groups.is_company
    inner join profiles on identifiers.profile_id = profiles.profile_id
    where groups.verdict <> 'too_many' and identifiers.identifier_type <> 'source_record'
),

agreeing as (
    select
        one.profile_no,
        one.profile_id,
        other.profile_no as other_profile_no,
        other.profile_id as other_profile_id,
        one.node || '|' || one.profile_id || '|' || other.profile_id as node,
        one.link_type,
        one.link_value,
        one.rank
    from {{ ref('int_identifier_pairs') }} as pairs
    inner join members as one
        on pairs.identifier_type = one.link_type and pairs.link_value = one.link_value and pairs.profile_no = one.profile_no
    inner join members as other on one.node = other.node and pairs.other_profile_no = other.profile_no
    where pairs.is_linked and one.verdict = 'conflicted'
),

-- Who shares a company's mailbox or number: that is no sign of one person.
colleagues as (
    select distinct
        least(one.profile_id, other.profile_id) as profile_a,
        greatest(one.profile_id, other.profile_id) as profile_b
    from members as one
    inner join members as other on one.node = other.node and one.profile_no < other.profile_no
    where one.is_of_company
),

-- However alike: without a birth date or contact two records may be namesakes of one city, and without a surname two of the many who
-- are called so and were born that day there; without a first name that agrees (or stands in the other's field of the surname) they may
-- be twins, and so may two whose names are known as two, however close they sound. They are asked about, not linked. Colleagues must
-- agree in all three.
enough as (
    select
        pairs.profile_a || '|' || pairs.profile_b as pair,
        pairs.profile_a,
        pairs.profile_b,
        pairs.weight,
        pairs.evidence,
        pairs.gamma_first_name
    from {{ ref('int_identity_pairs') }} as pairs
    inner join profiles as one on pairs.profile_a = one.profile_id
    inner join profiles as other on pairs.profile_b = other.profile_id
    left join colleagues on pairs.profile_a = colleagues.profile_a and pairs.profile_b = colleagues.profile_b
    where pairs.weight >= {{ least_weight('identity.link_weight') }}
        and (pairs.gamma_birth_date > 0 or pairs.gamma_contact >= 0)
        and (pairs.gamma_last_name >= 0 or pairs.gamma_middle_name > 0 or pairs.gamma_contact >= 0)
        and (pairs.gamma_first_name > 0 or pairs.gamma_last_name = 1 or (pairs.gamma_first_name < 0 and pairs.gamma_contact >= 0))
        and not (pairs.gamma_first_name in (1, 2) and one.is_common_name and other.is_common_name)
        and (
            colleagues.profile_a is null
            or (pairs.gamma_first_name > 0 and pairs.gamma_last_name > 0 and pairs.gamma_birth_date > 0)
        )
),

-- Who is called Слава and resembles both Вячеслав and Станислав: two names in full are two people, and whose it is nobody knows.
shortened as (
    select one.profile_id, other.first_name_key as full_name_key
    from enough
    inner join profiles as one on enough.profile_a = one.profile_id
    inner join profiles as other on enough.profile_b = other.profile_id
    where enough.gamma_first_name = 3 and one.first_names <> one.first_name_key and other.first_names = other.first_name_key

    union all

    select one.profile_id, other.first_name_key as full_name_key
    from enough
    inner join profiles as one on enough.profile_b = one.profile_id
    inner join profiles as other on enough.profile_a = other.profile_id
    where enough.gamma_first_name = 3 and one.first_names <> one.first_name_key and other.first_names = other.first_name_key
),

of_two_names as (
    select profile_id
    from shortened
    group by profile_id
    having min(full_name_key) <> max(full_name_key)
),

alike as (
    select enough.*
    from enough
    left join of_two_names as one on enough.profile_a = one.profile_id
    left join of_two_names as other on enough.profile_b = other.profile_id
    where enough.gamma_first_name <> 3 or (one.profile_id is null and other.profile_id is null)
),

resembling as (
    select
        profiles.profile_no,
        profiles.profile_id,
        'probabilistic|' || alike.pair as node,
        alike.evidence,
        alike.weight
    from alike
    inner join profiles on alike.profile_a = profiles.profile_id

    union all

    select
        profiles.profile_no,
        profiles.profile_id,
        'probabilistic|' || alike.pair as node,
        alike.evidence,
        alike.weight
    from alike
    inner join profiles on alike.profile_b = profiles.profile_id
),

shared as (
    select profile_no, profile_id, node, link_type, link_value, rank from named
    union
    select profile_no, profile_id, node, link_type, link_value, rank from cross_references
    union all
    select profile_no, profile_id, node, link_type, link_value, rank from members where verdict = 'link'
    union all
    select profile_no, profile_id, node, link_type, link_value, rank from agreeing
    union all
    select other_profile_no as profile_no, other_profile_id as profile_id, node, link_type, link_value, rank from agreeing
),

final as (
    select profile_no, profile_id, node, link_type, link_value, rank, cast(null as double) as weight
    from shared

    union all

    select profile_no, profile_id, node, 'probabilistic' as link_type, evidence as link_value, 7 as rank, weight
    from resembling
)

select * from final
