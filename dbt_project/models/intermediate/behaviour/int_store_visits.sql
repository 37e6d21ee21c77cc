-- Visits to stores by people we know: a receipt with a customer or a telephone that its Wi-Fi knows, however many of them, are
-- one visit of that customer to that store on that business day. Named after its first record, so that the id outlives a
-- merge of customers. One row per customer, store and day.
with receipts as (
    select * from {{ ref('int_orders') }}
    where sales_channel = 'store' and is_counted and customer_id is not null
),

stores as (
    select * from {{ ref('int_store_records') }}
),

wifi_visits as (
    select * from {{ ref('int_wifi_visits__united') }}
),

visitors as (
    select * from {{ ref('int_visitors') }}
),

seen as (
    select
        receipts.customer_id,
        stores.store_id,
        receipts.ordered_at as seen_at,
        receipts.order_id as record_id,
        1 as is_receipt
    from receipts
    inner join stores on receipts.store_key = stores.record_key

    union all

    select
        visitors.customer_id,
        {{ referenced_id('store') }} as store_id,
        wifi_visits.entered_at as seen_at,
        wifi_visits.wifi_visit_id as record_id,
        0 as is_receipt
    from wifi_visits
    inner join visitors on wifi_visits.wifi_visit_id = visitors.session_id
    {{ referenced('store', 'wifi_visits.source_system', 'wifi_visits.store_reference') }}
),

dated as (
    select
        seen.*,
        {{ business_date('seen_at') }} as visited_on
    from seen
    where store_id is not null
),

ordered as (
    select
        dated.*,
        row_number() over (partition by customer_id, store_id, visited_on order by seen_at, record_id) as place
    from dated
),

final as (
    select
        max(case when place = 1 then record_id end) as store_visit_id,
        customer_id,
        store_id,
        visited_on,
        min(seen_at) as visited_at,
        max(is_receipt) = 1 as has_receipt,
        min(is_receipt) = 0 as has_wifi
    from ordered
    group by customer_id, store_id, visited_on
)

select * from final
