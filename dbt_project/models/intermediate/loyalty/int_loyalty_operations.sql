-- Every movement of points once, each cancellation by what it cancels (int_loyalty_operations__undone). What is cancelled of an accrual
-- takes effect when the accrual does, if that is later: until then it is pending like the points that it cancels and takes them out of
-- those, and what never became valid was never issued. Where nobody knows the accrual's day, both have none. What a cancellation holds
-- beyond what it cancels takes effect on its own day.
-- One row per operation; of a cancellation one for each operation that it cancels a part of, and one for what is left.
with operations as (
    select * from {{ ref('int_loyalty_operations__dated') }}
),

undone as (
    select * from {{ ref('int_loyalty_operations__undone') }}
),

found as (
    select operation_id, sum(points) as points
    from undone
    group by operation_id
),

parts as (
    select
        operations.operation_id,
        undone.cancels_operation_id,
        case when operations.points < 0 then -1 else 1 end * cast(undone.points as double) as points,
        case when undone.kind = 'earned' then undone.cancelled_from end as cancelled_from,
        undone.kind = 'earned' and undone.cancels_pending as cancels_pending
    from undone
    inner join operations on undone.operation_id = operations.operation_id

    union all

    select
        operations.operation_id,
        cast(null as {{ dbt.type_string() }}) as cancels_operation_id,
        case
            when found.points is null then operations.points
            else
                case when operations.points < 0 then -1 else 1 end
                * cast(abs(cast(operations.points as decimal(18, 4))) - found.points as double)
        end as points,
        cast(null as date) as cancelled_from,
        false as cancels_pending
    from operations
    left join found on operations.operation_id = found.operation_id
    where found.points is null or abs(cast(operations.points as decimal(18, 4))) > found.points
),

numbered as (
    select
        *,
        row_number() over (
            partition by operation_id
            order by
                case when cancels_operation_id is null then 1 else 0 end,
                coalesce(cancelled_from, date '9999-12-31'),
                cancels_operation_id
        ) as part
    from parts
),

final as (
    select
        operations.operation_id
        || case when numbered.part > 1 then ':' || cast(numbered.part as {{ dbt.type_string() }}) else '' end as operation_id,
        operations.source_system,
        operations.source_account,
        operations.source_record_id,
        operations.customer_id,
        operations.loyalty_account_id,
        operations.operation_type,
        operations.cancels_type,
        numbered.cancels_operation_id,
        numbered.points,
        operations.is_pending or numbered.cancels_pending as is_pending,
        operations.available_on,
        case
            when numbered.cancels_pending and numbered.cancelled_from is null then null
            when numbered.cancelled_from > operations.effective_on then numbered.cancelled_from
            else operations.effective_on
        end as effective_on,
        operations.occurred_at,
        operations.occurred_on,
        operations.order_id,
        operations.is_gift,
        operations.purchase
    from numbered
    inner join operations on numbered.operation_id = operations.operation_id
)

select * from final
