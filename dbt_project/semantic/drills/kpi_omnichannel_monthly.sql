-- The buyers of the 12 months up to the end of a month: in how many channels and in which classes of them they bought, and how often;
-- who was touched in these months (by the type of the touches), and who crossed over to a second class in the month, with the orders of
-- the same day and band that they are compared with.
-- A row of totals (frequency_band all, channels_count NULL, shopper_type all) is made of the records of all its cells.
-- Записи — покупатели за 12 месяцев по конец месяца: в скольких каналах, в каких классах каналов и как часто они покупали; люди с касаниями
-- за эти месяцы (тип — по касаниям); перешедшие в месяце во второй класс и заказы того же дня и группы, с которыми их сравнивают.
-- Строка итогов (frequency_band all, channels_count пусто, shopper_type all) складывается из записей всех её ячеек.
with bands as (
    select
        edges,
        list_transform(edges, lambda edge, place: case
            when place = len(edges) then edge || '+'
            when edge = edges[place + 1] - 1 then cast(edge as varchar)
            else edge || '–' || (edges[place + 1] - 1)
        end) as names
    from (select cast(value as integer[]) as edges from marts.parameters where name = 'sales.frequency_band_edges')
),

orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
),

months as (
    select
        month,
        least(last_day(month), (
            select cast(timezone(value, timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date)
            from marts.parameters where name = 'business.timezone'
        )) as last_day,
        (select cast(value as integer) from marts.parameters where name = 'sales.omnichannel_window_days') as window_days
    from (select distinct month from marts.kpi_omnichannel_monthly)
),

returned as (
    select cast(date_trunc('month', returns.returned_on) as date) as month, orders.customer_id, sum(returns.amount) as returned_amount
    from marts.returns
    join orders using (order_id)
    where returns.is_counted
    group by all
),

visits as (
    select distinct cast(date_trunc('month', visited_on) as date) as month, customer_id, store_id, visited_on
    from (
        select customer_id, store_id, ordered_on as visited_on from marts.orders
        where sales_channel = 'store' and is_counted

        union all

        select customer_id, store_id, entered_on from marts.wifi_visits
    )
    where store_id is not null and customer_id in (select customer_id from orders)
),

visited_stores as (
    select month, customer_id, count(*) as visits
    from visits
    group by all
),

-- What people were worth by the end of each month since their first order.
lifetimes as (
    select month, customer_id, sum(worth) as lifetime_revenue
    from months
    join (
        select customer_id, ordered_on as on_day, net_revenue as worth from orders

        union all

        select orders.customer_id, returns.returned_on, -returns.amount
        from marts.returns
        join orders using (order_id)
        where returns.is_counted
    ) as moves on on_day <= last_day
    group by all
),

-- The touches of the same 12 months, purchases and what else can be seen.
touched as (
    select months.month, customer_id, bool_or(is_online) as is_online, bool_or(not is_online) as is_offline
    from months
    join (
        select customer_id, channel_class = 'online' as is_online, ordered_on as touched_on from orders
        where channel_class in ('online', 'offline')

        union

        select
            customer_id,
            touch_type in ('ad_visit', 'visit', 'message_click'),
            cast(timezone((select value from marts.parameters where name = 'business.timezone'), timezone('UTC', occurred_at)) as date)
        from marts.touchpoints
        where touch_type in ('ad_visit', 'visit', 'message_click', 'store_visit', 'event')
            and customer_id in (select customer_id from marts.customer_360 where not is_employee and not is_b2b)
    ) as touches on touched_on <= last_day and touched_on > last_day - window_days
    group by all
),

-- Days on which people of one class so far ordered, and the day of the first order in a second one, with the visits to stores in the
-- days after.
crossings as (
    select
        customer_id,
        greatest(
            min(ordered_on) filter (where channel_class = 'online'), min(ordered_on) filter (where channel_class = 'offline')
        ) as latest_on,
        if(count(distinct channel_class) = 2, latest_on, null) as crossed_on
    from orders
    where channel_class in ('online', 'offline')
    group by customer_id
),

order_days as (
    select
        orders.customer_id,
        orders.ordered_on,
        any_value(crossed_on) is not null and orders.ordered_on = any_value(crossed_on) as is_index,
        (
            select count(*) from orders as earlier
            where earlier.customer_id = orders.customer_id and earlier.channel_class in ('online', 'offline')
                and earlier.ordered_on <= orders.ordered_on and earlier.ordered_on > orders.ordered_on - any_value(window_days)
        ) as orders_12m
    from orders
    join crossings using (customer_id)
    cross join (select any_value(window_days) as window_days from months)
    where channel_class in ('online', 'offline') and orders.ordered_on <= coalesce(crossed_on, orders.ordered_on)
    group by orders.customer_id, orders.ordered_on
),

followed as (
    select
        order_days.*,
        cast(date_trunc('month', order_days.ordered_on) as date) as month,
        names[len(list_filter(edges, lambda edge: edge <= orders_12m))] as frequency_band,
        count(visits.customer_id) as visits_after
    from order_days
    cross join bands
    cross join (select cast(value as integer) as days from marts.parameters where name = 'channels.uplift_window_days')
    left join visits
        on visits.customer_id = order_days.customer_id and visits.visited_on > order_days.ordered_on
            and visits.visited_on <= order_days.ordered_on + days
    where last_day(order_days.ordered_on) + days < (select max(last_day) from months)
    group by all
),

compared as (
    select
        month,
        frequency_band,
        ordered_on,
        count(*) filter (where is_index) as index_customers,
        sum(visits_after) filter (where is_index) as visits_after,
        avg(visits_after) filter (where not is_index) as usual_visits
    from followed
    group by all
),

crossed as (
    select
        month,
        coalesce(frequency_band, 'all') as frequency_band,
        'omnichannel' as shopper_type,
        sum(index_customers) as index_customers,
        sum(index_customers) filter (where usual_visits is not null) as matched_customers,
        sum(visits_after) filter (where usual_visits is not null) as repeat_visits,
        sum(index_customers * usual_visits) as baseline_repeat_visits
    from compared
    where index_customers > 0
    group by grouping sets ((month, frequency_band), (month))
),

bought as (
    select
        months.month,
        orders.customer_id,
        case count(distinct channel_class)
            when 2 then 'omnichannel' else if(any_value(channel_class) = 'online', 'online_only', 'offline_only') end as shopper_type,
        cast(count(distinct sales_channel) as integer) as channels_count,
        count(*) as orders_12m,
        sum(receipts_count) filter (where ordered_on >= months.month) as orders_count,
        sum(net_revenue) filter (where ordered_on >= months.month) as order_revenue
    from months
    join orders on ordered_on <= last_day and ordered_on > last_day - window_days and channel_class in ('online', 'offline')
    group by months.month, orders.customer_id
),

records as (
    select
        'buyer' as kind,
        month,
        names[len(list_filter(edges, lambda edge: edge <= orders_12m))] as frequency_band,
        channels_count,
        shopper_type,
        customer_id,
        orders_12m,
        orders_count,
        order_revenue,
        returned_amount,
        visits,
        lifetime_revenue
    from bought
    cross join bands
    left join returned using (month, customer_id)
    left join visited_stores using (month, customer_id)
    left join lifetimes using (month, customer_id)

    union all by name

    select
        'toucher' as kind,
        month,
        case when is_online and is_offline then 'omnichannel' when is_online then 'online_only' else 'offline_only' end as shopper_type,
        customer_id
    from touched

    union all by name

    select
        if(is_index, 'crossing', 'compared with a crossing') as kind,
        month,
        frequency_band,
        'omnichannel' as shopper_type,
        customer_id,
        ordered_on,
        visits_after
    from followed
    semi join (select * from compared where index_customers > 0) using (month, frequency_band, ordered_on)
),

summed as (
    select
        month,
        coalesce(frequency_band, 'all') as frequency_band,
        channels_count,
        coalesce(shopper_type, 'all') as shopper_type,
        count(*) as customers,
        count(*) filter (where orders_12m >= 2) as repeat_buyers,
        coalesce(sum(orders_count), 0) as orders,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(order_revenue), 0) - coalesce(sum(returned_amount), 0) as net_revenue,
        coalesce(sum(visits), 0) as visits,
        coalesce(sum(lifetime_revenue), 0) as lifetime_revenue
    from records
    where kind = 'buyer'
    group by month, cube (frequency_band, channels_count, shopper_type)
),

touchers as (
    select month, coalesce(shopper_type, 'all') as shopper_type, count(*) as customers_by_touch
    from records
    where kind = 'toucher'
    group by grouping sets ((month, shopper_type), (month))
),

-- Everybody is compared with: the two single classes (whatever their channels), and the buyers of one channel.
baselines as (
    select
        month,
        frequency_band,
        if(shopper_type = 'all', 'all', 'omnichannel') as shopper_type,
        sum(customers) as customers,
        sum(orders) as orders,
        sum(order_revenue) as order_revenue,
        sum(net_revenue) as net_revenue,
        sum(lifetime_revenue) as lifetime_revenue
    from summed
    where (shopper_type in ('online_only', 'offline_only') and channels_count is null) or (shopper_type = 'all' and channels_count = 1)
    group by all
),

-- People who crossed over, or only touched, where nobody bought.
cells as (
    select
        *,
        frequency_band = 'all' and channels_count is null as is_everybody,
        shopper_type = 'omnichannel' or (shopper_type = 'all' and coalesce(channels_count > 1, false)) as has_baseline,
        shopper_type = 'omnichannel' and channels_count is null and last_day(month) + (
            select cast(value as integer) from marts.parameters where name = 'channels.uplift_window_days'
        ) < (select max(last_day) from months) as is_ripe
    from (
        select month, frequency_band, channels_count, shopper_type from summed

        union

        select month, frequency_band, null, shopper_type from crossed

        union

        select month, 'all', null, shopper_type from touchers
    )
)

select
    cells.month,
    cells.frequency_band,
    cells.channels_count,
    cells.shopper_type,
    coalesce(summed.customers, 0) as customers,
    if(cells.shopper_type <> 'all', coalesce(everybody.customers, 0), null) as buyers,
    if(cells.shopper_type = 'omnichannel', coalesce(everybody.repeat_buyers, 0), null) as repeat_buyers,
    if(cells.shopper_type = 'omnichannel', coalesce(summed.customers, 0), null) as omnichannel_customers,
    coalesce(summed.orders, 0) as orders,
    coalesce(summed.order_revenue, 0) as order_revenue,
    coalesce(summed.net_revenue, 0) as net_revenue,
    coalesce(summed.visits, 0) as visits,
    coalesce(summed.lifetime_revenue, 0) as lifetime_revenue,
    summed.lifetime_revenue / nullif(summed.customers, 0) as ltv,
    if(is_everybody, coalesce(touchers.customers_by_touch, 0), null) as customers_by_touch,
    if(is_everybody and cells.shopper_type <> 'all', coalesce(all_touchers.customers_by_touch, 0), null) as touched_customers,
    if(is_everybody and cells.shopper_type = 'omnichannel', coalesce(touchers.customers_by_touch, 0), null)
        as omnichannel_customers_by_touch,
    if(is_ripe, coalesce(crossed.index_customers, 0), null) as index_customers,
    if(is_ripe, coalesce(crossed.matched_customers, 0), null) as matched_customers,
    if(is_ripe, coalesce(crossed.repeat_visits, 0), null) as repeat_visits,
    if(is_ripe, coalesce(crossed.baseline_repeat_visits, 0), null) as baseline_repeat_visits,
    crossed.repeat_visits / nullif(crossed.baseline_repeat_visits, 0) - 1 as uplift_repeat_visits,
    if(has_baseline, coalesce(baselines.customers, 0), null) as baseline_customers,
    if(has_baseline, coalesce(baselines.orders, 0), null) as baseline_orders,
    if(has_baseline, coalesce(baselines.order_revenue, 0), null) as baseline_order_revenue,
    if(has_baseline, coalesce(baselines.net_revenue, 0), null) as baseline_net_revenue,
    if(has_baseline, coalesce(baselines.lifetime_revenue, 0), null) as baseline_lifetime_revenue,
    baselines.lifetime_revenue / nullif(baselines.customers, 0) as baseline_ltv,
    summed.order_revenue / nullif(summed.orders, 0) as average_order_value,
    baselines.order_revenue / nullif(baselines.orders, 0) as baseline_average_order_value,
    summed.net_revenue / nullif(summed.customers, 0) as revenue_per_customer,
    baselines.net_revenue / nullif(baselines.customers, 0) as baseline_revenue_per_customer
from cells
left join summed
    on summed.month = cells.month and summed.frequency_band = cells.frequency_band and summed.shopper_type = cells.shopper_type
        and summed.channels_count is not distinct from cells.channels_count
left join summed as everybody
    on everybody.month = cells.month and everybody.frequency_band = cells.frequency_band and everybody.shopper_type = 'all'
        and everybody.channels_count is not distinct from cells.channels_count
left join baselines
    on baselines.month = cells.month and baselines.frequency_band = cells.frequency_band and baselines.shopper_type = cells.shopper_type
        and (cells.shopper_type = 'omnichannel' or cells.channels_count > 1)
left join touchers
    on touchers.month = cells.month and touchers.shopper_type = cells.shopper_type
        and cells.frequency_band = 'all' and cells.channels_count is null
left join touchers as all_touchers
    on all_touchers.month = cells.month and all_touchers.shopper_type = 'all'
        and cells.frequency_band = 'all' and cells.channels_count is null
left join crossed
    on crossed.month = cells.month and crossed.frequency_band = cells.frequency_band and crossed.shopper_type = cells.shopper_type
        and cells.channels_count is null
