-- What speaks for and against two records being one person, beside the chain of links (identity_path.sql): a steward's word, records
-- of the two customers that are two people, values that both records hold and whether they link, how alike the two are, and what a
-- steward is asked of the two customers. Variables as there; one row per piece of evidence.
with asked as (
    select one.profile_id as profile_a, other.profile_id as profile_b, one.cluster_no as cluster_a, other.cluster_no as cluster_b
    from intermediate.int_identity_clusters as one, intermediate.int_identity_clusters as other
    where one.profile_id = getvariable('profile_a') and other.profile_id = getvariable('profile_b')
),

members as (
    select clusters.profile_id, clusters.profile_no, clusters.cluster_no = asked.cluster_a as is_a, clusters.cluster_no = asked.cluster_b as is_b
    from intermediate.int_identity_clusters as clusters
    inner join asked on clusters.cluster_no in (asked.cluster_a, asked.cluster_b)
),

decided as (
    select
        case decisions.decision when 'force' then 'forced' else 'forbidden' end as kind,
        one.profile_id,
        other.profile_id as other_profile_id,
        decisions.author || ' on ' || decisions.decided_on || ': ' || decisions.reason as reason
    from seeds.steward_decisions as decisions
    inner join members as one on decisions.profile_a = one.profile_id
    inner join members as other on decisions.profile_b = other.profile_id
    where (one.is_a and other.is_b) or (one.is_b and other.is_a)
),

two_people as (
    select
        'two people' as kind,
        one.profile_id,
        other.profile_id as other_profile_id,
        concat_ws(
            ', ',
            case when mine.birth_date <> theirs.birth_date then 'different birth dates' end,
            case
                when not list_has_any(string_split(mine.first_names, ', '), string_split(theirs.first_names, ', ')) then 'different first names'
            end,
            case when mine.middle_name_key <> theirs.middle_name_key then 'different middle names' end,
            case when mine.sex <> theirs.sex then 'different sexes' end,
            case
                when cuts.level = 5 and not coalesce(mine.birth_date <> theirs.birth_date, false) then 'a number that was handed on'
            end,
            case cuts.level
                when 3 then 'which stops shared values and likeness'
                when 5 then 'which stops telephones and likeness'
                when 7 then 'which stops likeness'
                else 'which stops links of rank ' || cuts.level || ' and weaker'
            end
        ) as reason
    from intermediate.int_identity_cuts as cuts
    inner join members as one on cuts.profile_no = one.profile_no
    inner join members as other on cuts.other_profile_no = other.profile_no
    left join intermediate.int_identity_features as mine on one.profile_id = mine.profile_id
    left join intermediate.int_identity_features as theirs on other.profile_id = theirs.profile_id
    where cuts.level > 0 and ((one.is_a and other.is_b) or (one.is_b and other.is_a))
),

shared as (
    select distinct
        mine.identifier_type,
        mine.link_value,
        asked.profile_a as profile_id,
        asked.profile_b as other_profile_id,
        coalesce(mine.rejected_because, theirs.rejected_because) as rejected_because,
        mine.is_company <> theirs.is_company as is_mixed,
        groups.verdict,
        groups.is_of_company,
        groups.profiles_count
    from asked
    inner join intermediate.int_identifiers as mine on asked.profile_a = mine.profile_id
    inner join intermediate.int_identifiers as theirs
        on asked.profile_b = theirs.profile_id and mine.identifier_type = theirs.identifier_type and mine.link_value = theirs.link_value
    left join intermediate.int_identifier_groups as groups
        on mine.identifier_type = groups.identifier_type and mine.link_value = groups.link_value and mine.is_company = groups.is_company
),

told as (
    select
        'same ' || replace(identifier_type, '_', ' ') as kind,
        profile_id,
        other_profile_id,
        case
            when identifier_type = 'email' then left(link_value, 1) || '***@' || split_part(link_value, '@', 2)
            when identifier_type = 'phone' then left(link_value, 2) || '***' || right(link_value, 4)
            else '***' || right(link_value, 4)
        end
        || case
            when rejected_because is not null then ', which links nobody: ' || replace(rejected_because, '_', ' ')
            when is_mixed then ', of a company and of a person, which are never linked by it'
            when verdict = 'too_many' then ' of ' || profiles_count || ' records, too many to say who'
            when is_of_company then ' of a company too: it links people who agree in both names'
            when verdict = 'conflicted' then ' of two people: it links records that agree in a name or birth date'
            when verdict = 'link' then ', which links whoever holds it'
            else ', which links nobody'
        end as reason
    from shared
    where identifier_type <> 'browser_client'
),

-- What a steward is asked of the two customers, and whether it is answered.
asked_about as (
    select
        'asked, ' || review.status as kind,
        review.profile_a,
        review.profile_b,
        replace(review.asked_because, '_', ' ') || ': ' || review.evidence as reason,
        review.weight
    from marts.identity_review as review
    cross join asked
    inner join intermediate.int_customer_of_profile as one on asked.profile_a = one.profile_id
    inner join intermediate.int_customer_of_profile as other on asked.profile_b = other.profile_id
    where review.asked_because <> 'decided'
        and least(review.customer_id_a, review.customer_id_b) = least(one.customer_id, other.customer_id)
        and greatest(review.customer_id_a, review.customer_id_b) = greatest(one.customer_id, other.customer_id)
),

final as (
    select *, cast(null as double) as weight from decided
    union all
    select *, null from two_people
    union all
    select *, null from told
    union all
    select * from asked_about
    union all
    select 'likeness', pairs.profile_a, pairs.profile_b, pairs.evidence, pairs.weight
    from intermediate.int_identity_pairs as pairs
    inner join asked
        on least(asked.profile_a, asked.profile_b) = pairs.profile_a and greatest(asked.profile_a, asked.profile_b) = pairs.profile_b
)

select * from final
order by all
