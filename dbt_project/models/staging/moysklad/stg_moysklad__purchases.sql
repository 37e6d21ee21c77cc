-- The sale behind a shipment or a return: of a shipment its customer order or, where it has none, the shipment itself; of a return of
-- shipped goods that of its shipment; of a return at a till its receipt. What was put into the bin or unposted still says whose it was.
-- One row per paper.
with

demands as (
    select
        source_account,
        demand_id,
        {{ last_segment('customer_order_href') }} as customer_order_id
    from {{ ref('base_moysklad__demands') }}
    where is_accepted
),

sales_returns as (
    select
        source_account,
        sales_return_id,
        {{ last_segment('demand_href') }} as demand_id,
        {{ last_segment('customer_order_href') }} as customer_order_id
    from {{ ref('base_moysklad__sales_returns') }}
    where is_accepted
),

till_returns as (
    select
        source_account,
        retail_sales_return_id,
        {{ last_segment('retail_demand_href') }} as retail_demand_id
    from {{ ref('base_moysklad__retail_sales_returns') }}
    where is_accepted
),

final as (
    select
        source_account,
        'demand' as vendor_kind,
        demand_id as source_record_id,
        coalesce(customer_order_id, demand_id) as order_record_id
    from demands

    union all

    select
        sales_returns.source_account,
        'salesreturn' as vendor_kind,
        sales_returns.sales_return_id as source_record_id,
        coalesce(demands.customer_order_id, sales_returns.customer_order_id, sales_returns.demand_id) as order_record_id
    from sales_returns
    left join demands
        on sales_returns.source_account = demands.source_account
            and sales_returns.demand_id = demands.demand_id

    union all

    select
        source_account,
        'retailsalesreturn' as vendor_kind,
        retail_sales_return_id as source_record_id,
        retail_demand_id as order_record_id
    from till_returns
)

select * from final
