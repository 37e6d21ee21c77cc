-- What a sold unit had cost, from the books: by order and product where the entry names an order, else by store, day and product. What
-- tills sold is entered by their shifts, which may close after midnight: an entry covers the stretch (sold_from, sold_at], or its
-- business day where it tells no beginning, and belongs to the business day of the stretch's middle. The tills of a store are taken
-- together: its day lasts, after the day before it, until its last shift has closed (covers_from, covers_until]. An entry that names an
-- order we do not know is nobody's day. An entry with goods and without cost is not known yet (cost is computed when the month is closed)
-- and is left out with its goods, unless an entry of cost alone brings it later; goods that came back are no sale. In the reporting
-- currency. One row per order and product, or per store, day and product.
{% set middle = dbt.dateadd(
    'second', 'cast(floor(' ~ dbt.datediff('entries.sold_from', 'entries.sold_at', 'second') ~ ' / 2) as integer)', 'entries.sold_from'
) -%}
with entries as (
    select
        costs.*,
        source_system || ':' || source_account || ':' || source_record_id as entry_key
    from {{ ref('int_sale_costs__united') }} as costs
),

numbered as (
    select * from entries
    where order_number is not null
),

orders as (
    select order_key, order_id from {{ ref('int_orders__matched') }}
),

orders_by_number as (
    select * from (
        {{ orders_at('numbered', 'entry_key', 'order_number', 'sold_at') }}
    ) as called
),

products as (
    select record_key, product_id from {{ ref('int_product_records') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

placed as (
    select
        products.product_id,
        entries.order_key is not null or entries.order_number is not null as names_order,
        coalesce(orders.order_id, orders_by_number.order_id) as order_id,
        stores.store_id,
        case
            when entries.sold_from is null then {{ business_date('entries.sold_at') }}
            else {{ business_date(middle) }}
        end as sold_on,
        coalesce(
            entries.sold_from,
            {{ business_day_starts_at(business_date('entries.sold_at')) }} - interval '1 microsecond'
        ) as covers_from,
        case
            when entries.sold_from is not null then entries.sold_at
            else {{ business_day_starts_at(business_date('entries.sold_at') ~ " + interval '1 day'") }} - interval '1 microsecond'
        end as covers_until,
        coalesce(entries.currency, '{{ rule('business.currency') }}') as currency,
        entries.quantity,
        coalesce(entries.cost, 0) as cost
    from entries
    inner join products on entries.product_key = products.record_key
    left join orders on entries.order_key = orders.order_key
    left join orders_by_number on entries.entry_key = orders_by_number.entry_key
    left join stores on entries.store_key = stores.record_key
    where entries.quantity >= 0
),

converted as (
    select
        placed.product_id,
        placed.order_id,
        case when not placed.names_order then placed.store_id end as store_id,
        case when not placed.names_order then placed.sold_on end as sold_on,
        placed.covers_from,
        placed.covers_until,
        placed.quantity,
        placed.cost * rates.rate as cost
    from placed
    inner join rates
        on placed.currency = rates.currency
            and placed.sold_on >= rates.valid_from
            and placed.sold_on < rates.valid_before
    where placed.order_id is not null or (not placed.names_order and placed.store_id is not null)
),

summed as (
    select
        product_id,
        order_id,
        store_id,
        sold_on,
        sum(cost) as cost,
        sum(quantity) as quantity,
        sum(case when cost <> 0 then quantity else 0 end) as quantity_with_cost,
        count(case when quantity = 0 and cost <> 0 then 1 end) as later_costs
    from converted
    group by product_id, order_id, store_id, sold_on
),

bounds as (
    select
        store_id,
        sold_on,
        min(covers_from) as covers_from,
        max(covers_until) as covers_until
    from converted
    where store_id is not null
    group by store_id, sold_on
),

days as (
    select
        store_id,
        sold_on,
        covers_from,
        covers_until,
        max(covers_until) over (
            partition by store_id order by sold_on rows between unbounded preceding and 1 preceding
        ) as day_before_until
    from bounds
),

final as (
    select
        coalesce(summed.order_id, summed.store_id || ' ' || cast(summed.sold_on as {{ dbt.type_string() }})) || ' ' || summed.product_id
            as cost_key,
        summed.product_id,
        summed.order_id,
        summed.store_id,
        summed.sold_on,
        greatest(days.covers_from, coalesce(days.day_before_until, days.covers_from)) as covers_from,
        days.covers_until,
        cast(case when summed.later_costs > 0 then summed.quantity else summed.quantity_with_cost end as double) as quantity,
        cast(summed.cost as decimal(18, 2)) as cost
    from summed
    left join days
        on summed.store_id = days.store_id
            and summed.sold_on = days.sold_on
    where summed.cost > 0
        and case when summed.later_costs > 0 then summed.quantity else summed.quantity_with_cost end > 0
)

select * from final
