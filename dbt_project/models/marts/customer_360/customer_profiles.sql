-- Which customer each vendor record belongs to, and what brought it there: the strongest evidence that the record shares
-- with an older record of the same customer; one row per vendor profile.
with clusters as (
    select * from {{ ref('int_identity_clusters') }}
),

registry as (
    select * from {{ ref('identity_registry') }}
    where is_present
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

links as (
    select * from {{ ref('int_identity_links') }}
),

tied as (
    select
        clusters.cluster_no,
        clusters.profile_no,
        links.node,
        links.link_type,
        links.link_value,
        links.rank
    from links
    inner join clusters on links.profile_no = clusters.profile_no
),

meetings as (
    select
        cluster_no,
        node,
        min(profile_no) as oldest_no,
        min(case when profile_no > oldest then profile_no end) as second_no
    from (
        select tied.*, min(profile_no) over (partition by cluster_no, node) as oldest
        from tied
    ) as sharing
    group by cluster_no, node
    having count(*) > 1
),

met as (
    select
        tied.profile_no,
        tied.link_type,
        tied.link_value,
        case when tied.profile_no = meetings.oldest_no then meetings.second_no else meetings.oldest_no end as other_no,
        row_number() over (
            partition by tied.profile_no
            order by
                case when tied.profile_no = meetings.oldest_no then 1 else 0 end,
                tied.rank, meetings.oldest_no, tied.node
        ) as place
    from tied
    inner join meetings on tied.cluster_no = meetings.cluster_no and tied.node = meetings.node
),

explained as (
    select
        clusters.profile_no,
        case when clusters.profile_no = clusters.cluster_no then 'first_record' else met.link_type end as link_type,
        case
            when clusters.profile_no = clusters.cluster_no and met.other_no is null
                then 'no other record shares an identifier with it'
            when clusters.profile_no = clusters.cluster_no then 'the oldest record of this customer'
            when met.link_type = 'steward' then 'a steward joined it with ' || others.profile_id
            when met.link_type = 'vendor_merge' then 'its vendor merged it with ' || others.profile_id
            when met.link_type = 'source_record' then 'one names the other by id: ' || others.profile_id
            when met.link_type = 'probabilistic' then met.link_value || ' as ' || others.profile_id
            else
                'same ' || replace(met.link_type, '_', ' ') || ' '
                || {{ masked('met.link_type', 'met.link_value') }} || ' as ' || others.profile_id
        end as link_reason
    from clusters
    left join met on clusters.profile_no = met.profile_no and met.place = 1
    left join profiles as others on met.other_no = others.profile_no
),

final as (
    select
        profiles.source_system,
        profiles.source_account,
        profiles.source_record_id,
        registry.customer_id,
        cast(explained.link_type as {{ dbt.type_string() }}) as link_type,
        explained.link_reason,
        registry.linked_at
    from profiles
    inner join registry on profiles.profile_id = registry.profile_id
    inner join explained on profiles.profile_no = explained.profile_no
)

select * from final
