-- What each record of a return is, before it is asked which of them are one return: its order and place, how its system ranks (seed
-- field_precedence, entity returns, field `record`), and whether it is a slip that its own system holds twice under one fiscal key
-- (copy_of names the earlier one). One row per system's return.
with returns as (
    select * from {{ ref('int_returns__united') }}
),

orders as (
    select order_key, order_id from {{ ref('int_orders__matched') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

ranks as (
    {{ fact_ranks('returns', ['record']) }}
),

told as (
    select
        returns.return_id as record_key,
        returns.source_system,
        returns.source_account,
        returns.source_record_id,
        returns.external_return_id,
        returns.fiscal_key,
        returns.returned_at,
        {{ business_date('returns.returned_at') }} as returned_on,
        returns.amount,
        coalesce(returns.currency, '{{ rule('business.currency') }}') as currency,
        orders.order_id,
        stores.store_id,
        coalesce(ranks.record_rank, 99) as record_rank,
        case
            when returns.fiscal_key is not null
                then first_value(returns.return_id) over (
                        partition by returns.source_system, returns.source_account, returns.fiscal_key
                        order by returns.returned_at, returns.return_id
                    )
        end as original_key
    from returns
    left join orders on returns.order_key = orders.order_key
    left join stores on returns.store_key = stores.record_key
    left join ranks on returns.source_system = ranks.source_system
),

final as (
    select
        record_key,
        source_system,
        source_account,
        source_record_id,
        external_return_id,
        fiscal_key,
        returned_at,
        returned_on,
        amount,
        currency,
        order_id,
        store_id,
        record_rank,
        case when record_key <> original_key then original_key end as copy_of
    from told
)

select * from final
