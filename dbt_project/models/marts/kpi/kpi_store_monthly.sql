-- A store's month at its tills: what kpi_sales_daily tells of the channel store, beside what came in by the door, who was a member and
-- what was handed over. A store has a row for every month in which it was open, from the month with which the history of tills begins;
-- one whose opening day nobody tells is open from its first receipt.
-- Comparable (like for like) in a month m: open for sales.like_for_like_full_months full months up to the end of m, so that m and the
-- same month of the year before are both full months after the opening; not closed by the end of m; m is over; and its own first receipt
-- that any system tells lies on or before the first day of the month of the year before. Where the history of all tills begins with that
-- month, in its first sales.like_for_like_history_days, nobody can tell an earlier one, and a first receipt in those days will do.
{% set full_months = [rule('sales.like_for_like_full_months') - 1, 12] | max %}

with sales as (
    select * from {{ ref('kpi_sales_daily') }}
    where sales_channel = 'store' and store_id is not null
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

methods as (
    select count(*) > 0 as are_told
    from orders
    where sales_channel not in ('store', 'marketplace') and fulfilment_method <> 'unknown'
),

memberships as (
    {{ memberships() }}
),

traffic as (
    select
        store_id,
        counted_on as day,
        entrants
    from {{ ref('store_traffic') }}
),

{#- One row per fact and what it adds; entrants alone are NULL where nothing counted them. -#}
{% set counts = {
    'orders_count': 'bigint', 'order_revenue': 'decimal(18, 2)', 'returns_amount': 'decimal(18, 2)', 'units': 'double',
    'itemised_orders': 'bigint', 'identified_orders': 'bigint', 'gross_amount': 'decimal(18, 2)',
    'itemised_gross_amount': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)', 'itemised_discount_amount': 'decimal(18, 2)',
    'assumed_cost_amount': 'decimal(18, 2)', 'margin_amount': 'decimal(18, 2)', 'member_orders': 'bigint', 'collected_orders': 'bigint',
} %}
{% set sold = {} %}
{%- for column in counts if column not in ('member_orders', 'collected_orders') %}
{%- do sold.update({column: 'sales.' ~ column}) %}
{%- endfor %}
{% set parts = [
    ('sales', 'sales.store_id', 'sales.day', 'true', sold),
    (
        'orders inner join memberships on orders.customer_id = memberships.customer_id'
        ~ ' and memberships.enrolled_on <= orders.ordered_on'
        ~ ' and (memberships.left_on is null or memberships.left_on > orders.ordered_on)',
        'orders.store_id', 'orders.ordered_on', "orders.store_id is not null and orders.sales_channel = 'store'", {'member_orders': 'orders.receipts_count'}),
    ('orders', 'orders.store_id', 'orders.handed_over_on',
        "orders.store_id is not null and orders.sales_channel <> 'store' and orders.fulfilment_method = 'store_pickup'"
        ~ ' and orders.handed_over_on is not null',
        {'collected_orders': '1'}),
    ('traffic', 'traffic.store_id', 'traffic.day', 'traffic.store_id is not null', {'entrants': 'traffic.entrants'}),
] %}

facts as (
    {%- for source, store, day, condition, adds in parts %}
    select
        {{ store }} as store_id,
        {{ day }} as day,
        {%- for count in counts %}
        {{ adds.get(count, '0') }} as {{ count }},
        {%- endfor %}
        cast({{ adds.get('entrants', 'null') }} as bigint) as entrants
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select
        store_id,
        day,
        {%- for count in counts %}
        sum({{ count }}) as {{ count }},
        {%- endfor %}
        sum(entrants) as entrants
    from facts
    group by store_id, day
),

first_receipts as (
    select store_id, min(case when orders_count > 0 then day end) as sold_on
    from sales
    group by store_id
),

lives as (
    select
        stores.store_id,
        coalesce(stores.opened_on, first_receipts.sold_on) as opened_on,
        stores.closed_on,
        first_receipts.sold_on as told_from
    from {{ ref('stores') }} as stores
    left join first_receipts on stores.store_id = first_receipts.store_id
    where stores.kind = 'store' or first_receipts.store_id is not null
),

history as (
    select min(sold_on) as begins_on from first_receipts
),

months as (
    select
        dates.month,
        cast({{ dbt.dateadd('month', 1, 'dates.month') }} as date) as next_month,
        cast({{ dbt.dateadd('month', -12, 'dates.month') }} as date) as month_last_year,
        cast({{ dbt.dateadd('month', -1 * full_months, 'dates.month') }} as date) as first_full_month,
        cast({{ dbt.dateadd('day', rule('sales.like_for_like_history_days'), dbt.dateadd('month', -12, 'dates.month')) }} as date)
            as day_after_first_days,
        history.begins_on
    from {{ ref('dates') }} as dates
    cross join history
    where dates.day_of_month = 1
        and dates.month >= cast({{ dbt.date_trunc('month', 'history.begins_on') }} as date)
        and dates.month <= {{ as_of_date() }}
),

open_months as (
    select
        lives.store_id,
        months.month,
        {{ dbt.datediff(
            'greatest(lives.opened_on, months.month)',
            'least(coalesce(lives.closed_on, months.next_month), months.next_month, ' ~ as_of_date() ~ ')',
            'day') }} as days_open,
        lives.opened_on <= months.first_full_month
        and coalesce(lives.closed_on >= months.next_month, true)
        and months.next_month <= {{ as_of_date() }}
        and coalesce(
            lives.told_from <= months.month_last_year
            or (months.begins_on >= months.month_last_year and lives.told_from < months.day_after_first_days),
            false
        ) as is_comparable
    from lives
    cross join months
    where lives.opened_on < months.next_month
        and coalesce(lives.closed_on > months.month, true)
),

monthly as (
    select
        days.store_id,
        cast({{ dbt.date_trunc('month', 'days.day') }} as date) as month,
        {%- for count in counts %}
        cast(sum(days.{{ count }}) as {{ counts[count] }}) as {{ count }},
        {%- endfor %}
        cast(sum(days.entrants) as bigint) as entrants,
        cast(sum(case when days.entrants > 0 then days.orders_count end) as bigint) as orders_on_counted_days
    from days
    inner join lives on days.store_id = lives.store_id
    group by days.store_id, cast({{ dbt.date_trunc('month', 'days.day') }} as date)
),

grid as (
    select store_id, month from open_months
    union
    select store_id, month from monthly
),

summed as (
    select
        grid.month,
        grid.store_id,
        {%- for count in counts %}
        cast(coalesce(monthly.{{ count }}, 0) as {{ counts[count] }}) as {{ count }},
        {%- endfor %}
        cast(coalesce(monthly.order_revenue - monthly.returns_amount, 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(monthly.order_revenue - monthly.margin_amount, 0) as decimal(18, 2)) as cost_amount,
        monthly.entrants,
        monthly.orders_on_counted_days,
        coalesce(open_months.is_comparable, false) as is_comparable,
        cast(coalesce(greatest(open_months.days_open, 0), 0) as bigint) as days_open
    from grid
    left join monthly on grid.store_id = monthly.store_id and grid.month = monthly.month
    left join open_months on grid.store_id = open_months.store_id and grid.month = open_months.month
),

compared as (
    select
        summed.*,
        methods.are_told as methods_are_told,
        case when summed.is_comparable then summed.net_revenue end as like_for_like_revenue,
        case
            when summed.is_comparable then cast(coalesce(last_year.net_revenue, 0) as decimal(18, 2))
        end as like_for_like_revenue_last_year
    from summed
    cross join methods
    left join summed as last_year
        on summed.store_id = last_year.store_id
            and summed.month = cast({{ dbt.dateadd('month', 12, 'last_year.month') }} as date)
),

final as (
    select
        month,
        store_id,
        orders_count,
        order_revenue,
        returns_amount,
        net_revenue,
        {{ ratio('order_revenue', 'orders_count') }} as average_order_value,
        units,
        {{ ratio('units', 'orders_count') }} as units_per_order,
        identified_orders,
        {{ ratio('identified_orders', 'itemised_orders') }} as identified_share,
        member_orders,
        {{ ratio('member_orders', 'itemised_orders') }} as member_share,
        gross_amount,
        discount_amount,
        {{ ratio('itemised_discount_amount', 'itemised_gross_amount') }} as discount_rate,
        cost_amount,
        margin_amount,
        {{ ratio('margin_amount', 'order_revenue') }} as margin_rate,
        case when methods_are_told then collected_orders end as collected_orders,
        entrants,
        orders_on_counted_days,
        {{ ratio('orders_on_counted_days', 'entrants') }} as store_conversion,
        days_open,
        {{ ratio('net_revenue', 'days_open') }} as revenue_per_day,
        is_comparable,
        like_for_like_revenue,
        like_for_like_revenue_last_year,
        case
            when like_for_like_revenue_last_year > 0
                then {{ ratio('like_for_like_revenue', 'like_for_like_revenue_last_year') }} - 1
        end as like_for_like_growth,
        itemised_orders,
        itemised_gross_amount,
        itemised_discount_amount,
        assumed_cost_amount
    from compared
)

select * from final
