-- What a steward is asked about two records, and what was answered. Asked is, of the records of two customers, one pair (the
-- strongest evidence): alike, but less than identity.link_weight (`between_thresholds`); alike enough, but not in what a link
-- needs, such as a birth date (`fact_missing`); linked, but facts of the two customers say that they are two people (`vetoed`); alike
-- enough, but as much like a third customer that is somebody else (`two_people`), or together too many records (`too_big`). A
-- customer of more records than identity.cluster_size_limit is asked about by its oldest and youngest record (`too_big` too).
-- An answer (seed steward_decisions) closes the question; of several about one pair the newest is shown. A `force` that names two records
-- of a customer that was too big then says that it is one person as it stood: it is asked about again when it has grown by more
-- than the limit since. Who was forced into one of two customers is not asked about the other. The evidence says what speaks for it, then
-- what against: values of several people that both hold and that do not link them too. One row per pair, the smaller id first.
with clusters as (
    select * from {{ ref('int_identity_clusters') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

-- `missing`: what alike records lack of a link, in the order in which int_identity_links asks for it.
pairs as (
    select
        *,
        case
            when gamma_birth_date <= 0 and gamma_contact < 0 then 'no birth date and no contact that agrees'
            when gamma_last_name < 0 and gamma_middle_name <= 0 and gamma_contact < 0
                then 'no last name and no patronymic that both tell'
            when gamma_first_name in (1, 2) then 'two known first names that sound alike'
            when gamma_first_name <= 0 then 'no first name that agrees'
            else 'they share a contact of a company, and not all of names and birth date agree'
        end as missing
    from {{ ref('int_identity_pairs') }}
),

links as (
    select * from {{ ref('int_identity_links') }}
),

registry as (
    select * from {{ ref('identity_registry') }}
),

events as (
    select * from {{ ref('identity_events') }}
    where event_type = 'forced'
),

spoken as (
    select
        least(decisions.profile_a, decisions.profile_b) as profile_a,
        greatest(decisions.profile_a, decisions.profile_b) as profile_b,
        decisions.decision = 'forbid' as is_forbidden,
        'decision ' || cast(decisions.decision_id as {{ dbt.type_string() }}) || ' of ' || decisions.author || ': '
        || decisions.reason as said,
        {{ decision_told('decisions') }} as told_as,
        row_number() over (
            partition by least(decisions.profile_a, decisions.profile_b), greatest(decisions.profile_a, decisions.profile_b)
            order by
                case when decisions.decision = 'forbid' then 0 else 1 end,
                decisions.decided_on desc nulls last,
                decisions.decision_id desc
        ) as place
    from {{ ref('steward_decisions') }} as decisions
),

decisions as (
    select * from spoken
    where place = 1
),

cut_apart as (
    select
        least(one.cluster_no, other.cluster_no) as cluster_a,
        greatest(one.cluster_no, other.cluster_no) as cluster_b,
        min(cuts.level) as level,
        -- Of the strongest cut: its level has one digit.
        substring(min(cast(cuts.level as {{ dbt.type_string() }}) || cuts.reason), 2) as reason
    from {{ ref('int_identity_cuts') }} as cuts
    inner join clusters as one on cuts.profile_no = one.profile_no
    inner join clusters as other on cuts.other_profile_no = other.profile_no
    where one.cluster_no <> other.cluster_no
    group by 1, 2
),

alike as (
    select
        pairs.profile_a,
        pairs.profile_b,
        least(one.cluster_no, other.cluster_no) as cluster_a,
        greatest(one.cluster_no, other.cluster_no) as cluster_b,
        pairs.weight,
        pairs.weight >= {{ least_weight('identity.link_weight') }} as is_enough,
        'probabilistic|' || pairs.profile_a || '|' || pairs.profile_b as node
    from pairs
    inner join clusters as one on pairs.profile_a = one.profile_id
    inner join clusters as other on pairs.profile_b = other.profile_id
    where one.cluster_no <> other.cluster_no and pairs.weight >= {{ least_weight('identity.ask_weight') }}
),

likenesses as (
    select alike.*, linked.node is not null as is_linked
    from alike
    left join (
        select distinct node from links
        where link_type = 'probabilistic'
    ) as linked on alike.node = linked.node
),

-- A record between two people: clusters that are alike enough to one cluster and are cut apart from each other.
sides as (
    select cluster_a as cluster_no, cluster_b as other_no from likenesses
    where is_linked
    union
    select cluster_b as cluster_no, cluster_a as other_no from likenesses
    where is_linked
),

torn as (
    select distinct
        least(one.cluster_no, one.other_no) as cluster_a,
        greatest(one.cluster_no, one.other_no) as cluster_b
    from sides as one
    inner join sides as other on one.cluster_no = other.cluster_no and one.other_no <> other.other_no
    inner join cut_apart
        on least(one.other_no, other.other_no) = cut_apart.cluster_a
            and greatest(one.other_no, other.other_no) = cut_apart.cluster_b
),

-- Shared values and declared merges whose records ended in several clusters, by the oldest record of each.
torn_nodes as (
    select links.node
    from links
    inner join clusters on links.profile_no = clusters.profile_no
    where links.link_type not in ('probabilistic', 'steward')
    group by links.node
    having min(clusters.cluster_no) < max(clusters.cluster_no)
),

parted as (
    select
        links.node,
        links.link_type,
        links.link_value,
        clusters.cluster_no,
        min(clusters.profile_no) as profile_no
    from torn_nodes
    inner join links on torn_nodes.node = links.node
    inner join clusters on links.profile_no = clusters.profile_no
    group by 1, 2, 3, 4
),

refused as (
    select
        least(first_record.profile_id, second_record.profile_id) as profile_a,
        greatest(first_record.profile_id, second_record.profile_id) as profile_b,
        one.cluster_no as cluster_a,
        other.cluster_no as cluster_b,
        case one.link_type
            when 'vendor_merge' then 'the vendor merged them'
            when 'source_record' then 'one names the other by id'
            else 'same ' || replace(one.link_type, '_', ' ') || ' ' || {{ masked('one.link_type', 'one.link_value') }}
        end as evidence
    from parted as one
    inner join parted as other on one.node = other.node and one.cluster_no < other.cluster_no
    inner join clusters as first_record on one.profile_no = first_record.profile_no
    inner join clusters as second_record on other.profile_no = second_record.profile_no
),

big as (
    select
        cluster_no,
        min(profile_no) as oldest_no,
        max(profile_no) as youngest_no,
        count(*) as records
    from clusters
    group by cluster_no
    having count(*) > {{ rule('identity.cluster_size_limit') }}
),

-- Who was forced together with whom, and the night from which on it was so.
forced as ({{ forced_together() }}),

answered as ({{ answered_sizes() }}),

settled as ({{ settled_by_force() }}),

questions as (
    select
        likenesses.profile_a,
        likenesses.profile_b,
        likenesses.cluster_a,
        likenesses.cluster_b,
        cast(null as {{ dbt.type_string() }}) as link_evidence,
        likenesses.weight,
        case
            when cut_apart.cluster_a is not null then 'vetoed'
            when not likenesses.is_enough then 'between_thresholds'
            when not likenesses.is_linked then 'fact_missing'
            when torn.cluster_a is not null then 'two_people'
            else 'too_big'
        end as asked_because,
        coalesce(cut_apart.level, 9) as level,
        cut_apart.reason as against,
        2 as place
    from likenesses
    left join cut_apart on likenesses.cluster_a = cut_apart.cluster_a and likenesses.cluster_b = cut_apart.cluster_b
    left join torn on likenesses.cluster_a = torn.cluster_a and likenesses.cluster_b = torn.cluster_b
    -- Whom facts keep apart and likeness would not join nobody needs to be asked about.
    where cut_apart.cluster_a is null or likenesses.is_linked

    union all

    select
        refused.profile_a,
        refused.profile_b,
        refused.cluster_a,
        refused.cluster_b,
        refused.evidence as link_evidence,
        cast(null as double) as weight,
        'vetoed' as asked_because,
        cut_apart.level,
        cut_apart.reason as against,
        1 as place
    from refused
    inner join cut_apart on refused.cluster_a = cut_apart.cluster_a and refused.cluster_b = cut_apart.cluster_b

    union all

    select
        least(oldest.profile_id, youngest.profile_id) as profile_a,
        greatest(oldest.profile_id, youngest.profile_id) as profile_b,
        big.cluster_no as cluster_a,
        big.cluster_no as cluster_b,
        'one customer of ' || cast(big.records as {{ dbt.type_string() }}) || ' records'
        || coalesce(', ' || cast(answered.records as {{ dbt.type_string() }}) || ' when it was forced', '') as link_evidence,
        cast(null as double) as weight,
        'too_big' as asked_because,
        9 as level,
        cast(null as {{ dbt.type_string() }}) as against,
        1 as place
    from big
    inner join clusters as oldest on big.oldest_no = oldest.profile_no
    inner join clusters as youngest on big.youngest_no = youngest.profile_no
    left join answered on big.cluster_no = answered.cluster_no
    where answered.records is null or big.records > answered.records + {{ rule('identity.cluster_size_limit') }}
),

-- What both hold and several people do, so that it links only who agrees in more.
held as (
    select
        least(profile_id, other_profile_id) as profile_a,
        greatest(profile_id, other_profile_id) as profile_b,
        {{ sorted_text_list("'same ' || replace(identifier_type, '_', ' ') || ' ' || " ~ masked('identifier_type', 'link_value')
            ~ " || ', which another holds too'") }} as evidence
    from {{ ref('int_identifier_pairs') }}
    where not is_linked and identifier_type in ('phone', 'email', 'loyalty_card')
    group by 1, 2
),

ordered as (
    select
        questions.*,
        row_number() over (
            partition by questions.cluster_a, questions.cluster_b
            order by questions.place, questions.weight desc nulls last, questions.link_evidence, questions.profile_a, questions.profile_b
        ) as turn
    from questions
    left join settled as one
        on questions.profile_a = one.profile_id and one.other_cluster_no in (questions.cluster_a, questions.cluster_b)
    left join settled as other
        on questions.profile_b = other.profile_id and other.other_cluster_no in (questions.cluster_a, questions.cluster_b)
    -- At level 0 a steward has spoken of the two customers.
    where questions.level > 0 and one.profile_id is null and other.profile_id is null
),

told as (
    select
        ordered.profile_a,
        ordered.profile_b,
        ordered.link_evidence,
        'against it: ' || case ordered.asked_because
            when 'vetoed' then ordered.against
            when 'two_people' then 'as like another customer, who is somebody else'
            when 'fact_missing' then pairs.missing
            when 'too_big' then case when ordered.link_evidence is null then 'together they have too many records' end
        end as against,
        ordered.asked_because,
        'open' as status
    from ordered
    left join pairs on ordered.profile_a = pairs.profile_a and ordered.profile_b = pairs.profile_b
    left join decisions on ordered.profile_a = decisions.profile_a and ordered.profile_b = decisions.profile_b
    where ordered.turn = 1 and (decisions.profile_a is null or ordered.cluster_a = ordered.cluster_b)

    union all

    select
        decisions.profile_a,
        decisions.profile_b,
        decisions.said as link_evidence,
        cast(null as {{ dbt.type_string() }}) as against,
        'decided' as asked_because,
        case when decisions.is_forbidden then 'forbidden' else 'forced' end as status
    from decisions
    left join ordered
        on decisions.profile_a = ordered.profile_a and decisions.profile_b = ordered.profile_b and ordered.cluster_a = ordered.cluster_b
    where ordered.profile_a is null
),

final as (
    select
        told.profile_a,
        told.profile_b,
        one.customer_id as customer_id_a,
        other.customer_id as customer_id_b,
        pairs.weight,
        concat_ws(
            '; ', told.link_evidence, nullif(pairs.evidence, ''), case when told.link_evidence is null then held.evidence end, told.against
        ) as evidence,
        told.asked_because,
        told.status
    from told
    left join pairs on told.profile_a = pairs.profile_a and told.profile_b = pairs.profile_b
    left join held on told.profile_a = held.profile_a and told.profile_b = held.profile_b
    left join customer_of_profile as one on told.profile_a = one.profile_id
    left join customer_of_profile as other on told.profile_b = other.profile_id
)

select * from final
