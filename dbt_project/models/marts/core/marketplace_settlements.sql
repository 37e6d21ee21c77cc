-- What marketplaces settled, row by row, in the reporting currency of the day of the settlement.
with settlements as (
    select * from {{ ref('int_settlements__united') }}
),

orders as (
    select order_key, order_id from {{ ref('int_orders__matched') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

final as (
    select
        settlements.settlement_id,
        settlements.source_system,
        settlements.source_account,
        settlements.source_record_id,
        settlements.report_number,
        settlements.settled_on,
        settlements.operation,
        orders.order_id,
        settlements.quantity,
        {%- for part in ['sale', 'for_sale', 'logistics', 'penalty', 'storage', 'deduction', 'payout'] %}
        cast(coalesce(settlements.{{ part }}_amount, 0) * rates.rate as decimal(18, 2)) as {{ part }}_amount,
        {%- endfor %}
        coalesce(settlements.currency, '{{ rule('business.currency') }}') as currency
    from settlements
    left join orders on settlements.order_key = orders.order_key
    left join rates
        on coalesce(settlements.currency, '{{ rule('business.currency') }}') = rates.currency
            and settlements.settled_on >= rates.valid_from
            and settlements.settled_on < rates.valid_before
)

select * from final
