-- What a mirrored ledger lends to the one that counts: the order behind an operation. Found by the key that both vendors
-- spell alike (mirror_key), else by customer, kind and points within a few minutes (one vendor cuts its times to the
-- minute), each operation with the nearest only, and each original with one of every mirroring system; twins that nothing
-- tells apart find each other in their order. One row per mirrored operation that found its original.
with operations as (
    select
        operations.*,
        ledgers.is_counted,
        customer_of_profile.customer_id,
        row_number() over (
            partition by
                operations.account_key, operations.operation_type, operations.points, operations.occurred_at
            order by operations.operation_key
        ) as twin
    from {{ ref('int_loyalty_operations__united') }} as operations
    inner join {{ ref('int_ledgers') }} as ledgers on operations.source_system = ledgers.source_system
    left join {{ ref('int_customer_of_profile') }} as customer_of_profile
        on operations.profile_id = customer_of_profile.profile_id
),

originals as (
    select
        operations.*,
        coalesce(operations.customer_id, accounts.customer_id) as holder_id
    from operations
    left join {{ ref('int_loyalty_accounts') }} as accounts on operations.account_key = accounts.loyalty_account_id
    where operations.is_counted
),

mirrors as (
    select * from operations
    where not is_counted
),

pairs as (
    select
        mirrors.operation_key,
        mirrors.source_system,
        originals.operation_key as original_key,
        'mirror key' as matched_by,
        1 as weakness,
        abs({{ dbt.datediff('originals.occurred_at', 'mirrors.occurred_at', 'second') }}) as seconds_apart,
        abs(originals.twin - mirrors.twin) as twins_apart
    from mirrors
    inner join originals on mirrors.mirror_key = originals.mirror_key

    union all

    select
        mirrors.operation_key,
        mirrors.source_system,
        originals.operation_key as original_key,
        'customer, kind, points and time' as matched_by,
        2 as weakness,
        abs({{ dbt.datediff('originals.occurred_at', 'mirrors.occurred_at', 'second') }}) as seconds_apart,
        abs(originals.twin - mirrors.twin) as twins_apart
    from mirrors
    inner join originals
        on mirrors.customer_id = originals.holder_id
            and mirrors.operation_type = originals.operation_type
            and mirrors.points = originals.points
    where abs({{ dbt.datediff('originals.occurred_at', 'mirrors.occurred_at', 'second') }})
        <= {{ rule('loyalty.mirror_window_minutes') }} * 60
),

nearest_original as (
    select
        *,
        row_number() over (partition by operation_key order by weakness, seconds_apart, twins_apart, original_key) as choice
    from pairs
),

nearest_mirror as (
    select
        *,
        row_number() over (
            partition by original_key, source_system order by weakness, seconds_apart, operation_key
        ) as place
    from nearest_original
    where choice = 1
),

final as (
    select
        nearest_mirror.operation_key,
        nearest_mirror.original_key,
        nearest_mirror.matched_by,
        mirrors.order_key
    from nearest_mirror
    inner join mirrors on nearest_mirror.operation_key = mirrors.operation_key
    where nearest_mirror.place = 1
)

select * from final
