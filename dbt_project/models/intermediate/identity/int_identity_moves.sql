-- Records that bore one customer id on the last publication and bear another now, counted; `is_retired` says that nobody
-- bears the old id any more. One row per old and new id.
with members as (
    select * from {{ ref('int_identity_clusters') }}
),

assignments as (
    select * from {{ ref('int_identity_assignments') }}
),

registered as (
    select * from {{ published_table('identity_registry') }}
),

moved as (
    select
        registered.customer_id as old_customer_id,
        assignments.customer_id,
        count(*) as records,
        min(members.profile_no) as oldest_no
    from members
    inner join registered on members.profile_id = registered.profile_id
    inner join assignments on members.cluster_no = assignments.cluster_no
    where registered.customer_id <> assignments.customer_id
    group by 1, 2
),

final as (
    select
        moved.old_customer_id,
        moved.customer_id,
        moved.records,
        alive.customer_id is null as is_retired,
        row_number() over (
            partition by moved.old_customer_id order by moved.records desc, moved.oldest_no
        ) as place
    from moved
    left join assignments as alive on moved.old_customer_id = alive.customer_id
)

select * from final
