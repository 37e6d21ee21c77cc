-- What speaks for and against two records being one person, beside the chain of links (identity_path.sql): a steward's word, records
-- of the two customers that are two people, values that both records hold and whether they link, how alike the two are, and what a
-- steward is asked of the two customers. `facts`: the names, birth dates and sexes that differ, as they are written. Variables as there;
-- one row per piece of evidence.
with asked as (
    select one.profile_id as profile_a, other.profile_id as profile_b, one.cluster_no as cluster_a, other.cluster_no as cluster_b
    from intermediate.int_identity_clusters as one, intermediate.int_identity_clusters as other
    where one.profile_id = getvariable('profile_a') and other.profile_id = getvariable('profile_b')
),

members as (
    select
        clusters.profile_id,
        clusters.profile_no,
        clusters.cluster_no = asked.cluster_a as is_a,
        clusters.cluster_no = asked.cluster_b as is_b
    from intermediate.int_identity_clusters as clusters
    inner join asked on clusters.cluster_no in (asked.cluster_a, asked.cluster_b)
),

decided as (
    select
        case decisions.decision when 'force' then 'forced' when 'forbid' then 'forbidden' end as kind,
        one.profile_id,
        other.profile_id as other_profile_id,
        decisions.author || ' on ' || decisions.decided_on || ': ' || decisions.reason as reason
    from seeds.steward_decisions as decisions
    inner join members as one on decisions.profile_a = one.profile_id
    inner join members as other on decisions.profile_b = other.profile_id
    where decisions.decision in ('force', 'forbid') and ((one.is_a and other.is_b) or (one.is_b and other.is_a))
),

cuts as (
    select one.profile_id, other.profile_id as other_profile_id, cuts.level, cuts.reason
    from intermediate.int_identity_cuts as cuts
    inner join members as one on cuts.profile_no = one.profile_no
    inner join members as other on cuts.other_profile_no = other.profile_no
    where cuts.level > 0 and ((one.is_a and other.is_b) or (one.is_b and other.is_a))
),

-- The two records that are asked about, and those that are cut apart, beside each other. What is a typing error is no other fact.
beside as (
    select
        pairs.profile_id,
        pairs.other_profile_id,
        coalesce(mine.first_name_key, mine.last_name_key) is null
        or coalesce(theirs.first_name_key, theirs.last_name_key) is null as tells_no_name,
        concat_ws(
            ', ',
            case
                when damerau_levenshtein(strftime(mine.birth_date, '%Y%m%d'), strftime(theirs.birth_date, '%Y%m%d')) > 1
                    then 'different birth dates'
            end,
            case
                when not list_has_any(string_split(mine.first_names, ', '), string_split(theirs.first_names, ', '))
                    then 'different first names'
            end,
            case when damerau_levenshtein(mine.middle_name_key, theirs.middle_name_key) > 1 then 'different middle names' end,
            case when coalesce(my_features.sex, mine.sex) <> coalesce(their_features.sex, theirs.sex) then 'different sexes' end,
            case
                when damerau_levenshtein(
                        regexp_replace(mine.last_name_key, '(aia|oi|a|i)$', ''), regexp_replace(theirs.last_name_key, '(aia|oi|a|i)$', '')
                    ) > 1
                    then 'different last names'
            end
        ) as differ,
        'birth dates ' || mine.birth_date || ' and ' || theirs.birth_date as birth_dates,
        'first names ' || coalesce(my_record.first_name, my_record.full_name, my_record.last_name) || ' and '
        || coalesce(their_record.first_name, their_record.full_name, their_record.last_name)
        || case when my_record.first_name = their_record.first_name then ' (a man''s and a woman''s)' else '' end as first_names,
        'middle names ' || coalesce(my_record.middle_name, my_record.full_name, my_record.first_name) || ' and '
        || coalesce(their_record.middle_name, their_record.full_name, their_record.first_name) as middle_names,
        coalesce(my_features.sex, mine.sex) || ' and ' || coalesce(their_features.sex, theirs.sex) as sexes,
        'last names ' || coalesce(my_record.last_name, my_record.full_name, my_record.first_name) || ' and '
        || coalesce(their_record.last_name, their_record.full_name, their_record.first_name) as last_names
    from (
        select profile_id, other_profile_id from cuts
        union
        select profile_a as profile_id, profile_b as other_profile_id from asked
    ) as pairs
    inner join intermediate.int_identity_profiles as mine on pairs.profile_id = mine.profile_id
    inner join intermediate.int_identity_profiles as theirs on pairs.other_profile_id = theirs.profile_id
    left join intermediate.int_identity_features as my_features on pairs.profile_id = my_features.profile_id
    left join intermediate.int_identity_features as their_features on pairs.other_profile_id = their_features.profile_id
    left join intermediate.int_profiles as my_record on pairs.profile_id = my_record.profile_id
    left join intermediate.int_profiles as their_record on pairs.other_profile_id = their_record.profile_id
),

two_people as (
    select
        'two people' as kind,
        cuts.profile_id,
        cuts.other_profile_id,
        coalesce(nullif(cuts.reason, ''), nullif(beside.differ, '')) as differ,
        concat_ws(
            ', ',
            coalesce(nullif(cuts.reason, ''), nullif(beside.differ, '')),
            case cuts.level
                when 3 then 'which stops shared values and likeness'
                when 5 then 'which stops telephones and likeness'
                when 7 then 'which stops likeness'
                else 'which stops links of rank ' || cuts.level || ' and weaker'
            end
        ) as reason
    from cuts
    inner join beside on cuts.profile_id = beside.profile_id and cuts.other_profile_id = beside.other_profile_id
),

-- Of each value a third record that is unlike one of the two and not the other.
rivals as (
    select identifier_type, link_value, min(profile_id) as profile_id
    from (
        select
            pairs.identifier_type,
            pairs.link_value,
            case
                when pairs.profile_id in (asked.profile_a, asked.profile_b) then pairs.other_profile_id else pairs.profile_id
            end as profile_id
        from intermediate.int_identifier_pairs as pairs
        inner join asked
            on (pairs.profile_id in (asked.profile_a, asked.profile_b)) <> (pairs.other_profile_id in (asked.profile_a, asked.profile_b))
        group by 1, 2, 3
        having bool_or(pairs.are_unlike) and not bool_and(pairs.are_unlike)
    ) as between_them
    group by 1, 2
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
        groups.is_handed_on,
        groups.profiles_count,
        pairs.is_linked,
        pairs.are_unlike,
        beside.tells_no_name,
        beside.differ,
        rivals.profile_id as rival
    from asked
    inner join beside on asked.profile_a = beside.profile_id and asked.profile_b = beside.other_profile_id
    inner join intermediate.int_identifiers as mine on asked.profile_a = mine.profile_id
    inner join intermediate.int_identifiers as theirs
        on asked.profile_b = theirs.profile_id and mine.identifier_type = theirs.identifier_type and mine.link_value = theirs.link_value
    left join intermediate.int_identifier_groups as groups
        on mine.identifier_type = groups.identifier_type and mine.link_value = groups.link_value and mine.is_company = groups.is_company
    left join intermediate.int_identifier_pairs as pairs
        on mine.identifier_type = pairs.identifier_type and mine.link_value = pairs.link_value
            and pairs.profile_id in (asked.profile_a, asked.profile_b) and pairs.other_profile_id in (asked.profile_a, asked.profile_b)
    left join rivals on mine.identifier_type = rivals.identifier_type and mine.link_value = rivals.link_value
),

told as (
    select
        'same ' || replace(identifier_type, '_', ' ') as kind,
        profile_id,
        other_profile_id,
        case when are_unlike and verdict = 'conflicted' then differ end as differ,
        case
            when identifier_type = 'email' then left(link_value, 1) || '***@' || split_part(link_value, '@', 2)
            when identifier_type = 'phone' then left(link_value, 2) || '***' || right(link_value, 4)
            else '***' || right(link_value, 4)
        end
        || case
            when rejected_because is not null then ', which links nobody: ' || replace(rejected_because, '_', ' ')
            when is_mixed then ', of a company and of a person, which are never linked by it'
            when verdict = 'too_many' then ' of ' || profiles_count || ' records, too many to say who'
            when verdict = 'link' then ', which links whoever holds it'
            when verdict = 'conflicted'
                then case when is_of_company then ' of a company too' when is_handed_on then ', handed on' else ' of several people' end
                    || case
                        when is_linked then ': it links these two, who agree in more'
                        when are_unlike then ': these are two, by ' || coalesce(nullif(differ, ''), 'what they tell')
                        when tells_no_name then ': who tells no name is linked with nobody'
                        else ': it links only those who agree in more, and with one person alone'
                            || coalesce('; ' || rival || ' is another person than one of these two', '')
                    end
            else ', which links nobody'
        end as reason
    from shared
    where identifier_type <> 'browser_client'
),

-- A weight of records that tell nothing in common is how seldom two are one, and says nothing of these.
compared as (
    select profile_a, profile_b, case when evidence <> '' then weight end as weight, evidence
    from intermediate.int_identity_pairs
),

-- What a steward is asked of the two customers, and whether it is answered.
asked_about as (
    select
        'asked, ' || review.status as kind,
        review.profile_a,
        review.profile_b,
        replace(review.asked_because, '_', ' ') || ': ' || review.evidence as reason,
        case when coalesce(compared.evidence, '-') <> '' then review.weight end as weight
    from marts.identity_review as review
    left join compared on review.profile_a = compared.profile_a and review.profile_b = compared.profile_b
    cross join asked
    inner join intermediate.int_customer_of_profile as one on asked.profile_a = one.profile_id
    inner join intermediate.int_customer_of_profile as other on asked.profile_b = other.profile_id
    where review.asked_because <> 'decided'
        and least(review.customer_id_a, review.customer_id_b) = least(one.customer_id, other.customer_id)
        and greatest(review.customer_id_a, review.customer_id_b) = greatest(one.customer_id, other.customer_id)
),

evidence as (
    select kind, profile_id, other_profile_id, reason, cast(null as varchar) as differ, cast(null as double) as weight from decided
    union all
    select kind, profile_id, other_profile_id, reason, differ, null from two_people
    union all
    select kind, profile_id, other_profile_id, reason, differ, null from told
    union all
    select kind, profile_a, profile_b, reason, null, weight from asked_about
    union all
    select
        'likeness',
        compared.profile_a,
        compared.profile_b,
        coalesce(nullif(compared.evidence, ''), 'nothing that both tell'),
        null,
        compared.weight
    from compared
    inner join asked
        on least(asked.profile_a, asked.profile_b) = compared.profile_a and greatest(asked.profile_a, asked.profile_b) = compared.profile_b
)

select
    evidence.kind,
    evidence.profile_id,
    evidence.other_profile_id,
    evidence.reason,
    nullif(
        concat_ws(
            '; ',
            case when evidence.differ like '%birth dates%' then beside.birth_dates end,
            case when evidence.differ like '%first names%' then beside.first_names end,
            case when evidence.differ like '%middle names%' then beside.middle_names end,
            case when evidence.differ like '%sexes%' then beside.sexes end,
            case when evidence.differ like '%last names%' or evidence.differ like '%handed on%' then beside.last_names end
        ),
        ''
    ) as facts,
    evidence.weight
from evidence
left join beside on evidence.profile_id = beside.profile_id and evidence.other_profile_id = beside.other_profile_id
order by all
