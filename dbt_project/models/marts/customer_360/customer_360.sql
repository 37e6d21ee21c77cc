-- Everything the retailer knows of a customer on one line, as of the refresh. Cancelled and test orders are in no figure.
-- Columns whose KPIs are not computed yet are there and NULL. One row per resolved customer.
with customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where customer_id is not null and is_counted
),

messages as (
    select * from {{ ref('messages') }}
    where customer_id is not null
),

consents as (
    select * from {{ ref('consents') }}
),

loyalty_accounts as (
    select * from {{ ref('loyalty_accounts') }}
    where customer_id is not null
),

tickets as (
    select * from {{ ref('tickets') }}
    where customer_id is not null and is_counted
),

calls as (
    select * from {{ ref('calls') }}
    where customer_id is not null
),

survey_answers as (
    select * from {{ ref('survey_answers') }}
    where customer_id is not null and score is not null
),

touchpoints as (
    select * from {{ ref('touchpoints') }}
),

bought as (
    select
        customer_id,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        min(ordered_on) as first_order_on,
        count(*) as orders_count,
        sum(net_revenue) as sold_revenue,
        sum(net_revenue - returned_amount) as net_revenue,
        -- what came back takes its part of the order's margin with it; an order of nothing is worth what it cost
        sum(case
            when net_revenue = 0 then cast(margin_amount as double)
            else cast(net_revenue - returned_amount as double) * cast(margin_amount as double) / cast(net_revenue as double)
        end) as margin_kept,
        max(case when cost_method = 'assumed_share' or assumed_cost_amount <> 0 then 1 else 0 end) = 1 as margin_is_assumed,
        {{ sorted_text_list('sales_channel') }} as sales_channels
    from orders
    group by customer_id
),

window_orders as (
    select
        customer_id,
        max(case when channel_class = 'online' then 1 else 0 end) as bought_online,
        max(case when channel_class = 'offline' then 1 else 0 end) as bought_offline
    from orders
    where ordered_on > {{ days_before_as_of(rule('sales.omnichannel_window_days')) }} and ordered_on <= {{ as_of_date() }}
    group by customer_id
),

-- Browsing and visits count as well as purchases; talk about an order and what was only sent do not.
touched as (
    select
        customer_id,
        max(case when is_online then 1 else 0 end) as touched_online,
        max(case when is_online then 0 else 1 end) as touched_offline
    from (
        select
            customer_id,
            ordered_on as touched_on,
            channel_class = 'online' as is_online
        from orders
        where channel_class in ('online', 'offline')

        union all

        select
            customer_id,
            {{ business_date('occurred_at') }} as touched_on,
            touch_type in ('ad_visit', 'visit', 'message_click') as is_online
        from touchpoints
        where touch_type in ('ad_visit', 'visit', 'message_click', 'store_visit', 'event')
    ) as touches
    where touched_on > {{ days_before_as_of(rule('sales.omnichannel_window_days')) }} and touched_on <= {{ as_of_date() }}
    group by customer_id
),

-- Where there is no help desk or telephony at all, nobody has a count of 0.
heard as (
    select
        (select count(*) from {{ ref('tickets') }}) as tickets,
        (select count(*) from {{ ref('calls') }}) as calls
),

asked as (
    select customer_id, count(*) as tickets_count
    from tickets
    group by customer_id
),

called as (
    select customer_id, count(*) as calls_count
    from calls
    group by customer_id
),

answered as (
    select
        customer_id,
        max(case when survey_type = 'nps' then score end) as last_nps,
        max(case when survey_type = 'csat' then score end) as last_csat
    from (
        select
            customer_id,
            survey_type,
            score,
            row_number() over (partition by customer_id, survey_type order by answered_at desc, answer_id desc) as place
        from survey_answers
        where survey_type in ('nps', 'csat')
    ) as placed
    where place = 1
    group by customer_id
),

favourites as (
    select customer_id, sales_channel
    from (
        select
            customer_id,
            sales_channel,
            row_number() over (
                partition by customer_id order by count(*) desc, max(ordered_at) desc, sales_channel
            ) as place
        from orders
        group by customer_id, sales_channel
    ) as counted
    where place = 1
),

pressed as (
    select * from {{ ref('customer_contact_pressure') }}
),

opened as (
    select
        customer_id,
        max(case
            when not is_machine_opened
                then greatest(coalesce(first_opened_at, first_clicked_at), coalesce(first_clicked_at, first_opened_at))
            else first_clicked_at
        end) as last_opened_at
    from messages
    where is_opened or is_clicked
    group by customer_id
),

consented as (
    select
        customer_id,
        max(case when channel = 'email' then case when is_subscribed then 1 else 0 end end) as email_consent,
        max(case when channel = 'sms' then case when is_subscribed then 1 else 0 end end) as sms_consent,
        max(case when channel = 'push' then case when is_subscribed then 1 else 0 end end) as push_consent
    from consents
    group by customer_id
),

belonged as (
    select
        customer_id,
        max(case when is_member then 1 else 0 end) as is_loyalty_member,
        -- an account that was never confirmed makes nobody a member, so it has no tenure either
        min(case when is_member or closed_at is not null then enrolled_at end) as loyalty_enrolled_at,
        case when max(case when is_member then 1 else 0 end) = 0 then max(closed_at) end as left_at,
        -- whose day of leaving nobody knows (the first contact already saw the account inactive) has no tenure
        max(case when is_member then 1 else 0 end) = 0
        and max(closed_at) = max(case when is_closed_at_assumed then closed_at end) as left_unseen,
        sum(points_balance) as points_balance
    from loyalty_accounts
    group by customer_id
),

final as (
    select
        customers.customer_id,
        households.household_id,
        customers.first_seen_at,
        cast(customers.profiles_count as integer) as profiles_count,
        customers.source_systems,
        customers.city,
        cast(extract(year from customers.birth_date) as integer) as birth_year,
        customers.sex,
        {{ masked_email('customers.email') }} as email_masked,
        {{ masked_phone('customers.phone') }} as phone_masked,
        {{ keyed_hash('customers.email') }} as email_hash,
        {{ keyed_hash('customers.phone') }} as phone_hash,
        customers.acquisition_channel,
        customers.is_employee,
        customers.is_b2b,
        bought.first_order_at,
        bought.last_order_at,
        cast(coalesce(bought.orders_count, 0) as integer) as orders_count,
        cast(coalesce(bought.net_revenue, 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(bought.sold_revenue, 0) as decimal(18, 2)) as sold_revenue,
        {{ ratio('bought.sold_revenue', 'bought.orders_count') }} as average_order_value,
        cast(bought.orders_count as double) / greatest(
            1.0, {{ dbt.datediff('bought.first_order_on', as_of_date(), 'day') }} / 365.25
        ) as purchase_frequency_per_year,
        bought.sales_channels,
        case
            when window_orders.bought_online + window_orders.bought_offline = 2 then 'omnichannel'
            when window_orders.bought_online = 1 then 'online_only'
            when window_orders.bought_offline = 1 then 'offline_only'
            else 'no_purchase'
        end as shopper_type,
        case
            when touched.touched_online + touched.touched_offline = 2 then 'omnichannel'
            when touched.touched_online = 1 then 'online_only'
            when touched.touched_offline = 1 then 'offline_only'
            else 'no_touch'
        end as shopper_type_by_touch,
        favourites.sales_channel as preferred_channel,
        coalesce(belonged.is_loyalty_member = 1, false) as is_loyalty_member,
        belonged.loyalty_enrolled_at,
        case
            when not coalesce(belonged.left_unseen, false) then cast(
                {{ dbt.datediff(
                    business_date('belonged.loyalty_enrolled_at'),
                    'coalesce(' ~ business_date('belonged.left_at') ~ ', ' ~ as_of_date() ~ ')',
                    'day'
                ) }} as integer
                )
        end as loyalty_tenure_days,
        cast(belonged.points_balance as double) as points_balance,
        consented.email_consent = 1 as email_consent,
        consented.sms_consent = 1 as sms_consent,
        consented.push_consent = 1 as push_consent,
        coalesce(pressed.messages_7d, 0) as messages_7d,
        coalesce(pressed.messages_30d, 0) as messages_30d,
        opened.last_opened_at,
        cast(coalesce(asked.tickets_count, case when heard.tickets > 0 then 0 end) as integer) as tickets_count,
        cast(coalesce(called.calls_count, case when heard.calls > 0 then 0 end) as integer) as calls_count,
        cast(answered.last_nps as integer) as last_nps,
        cast(answered.last_csat as integer) as last_csat,
        standing.rfm_recency,
        standing.rfm_frequency,
        standing.rfm_monetary,
        standing.rfm_segment,
        coalesce(
            standing.lifecycle_state, case when not (customers.is_employee or customers.is_b2b) then 'no_purchase' end
        ) as lifecycle_state,
        valued.p_alive,
        cast(bought.net_revenue as decimal(18, 2)) as clv_historic_revenue,
        cast(bought.margin_kept as decimal(18, 2)) as clv_historic_margin,
        standing.clv_simple_margin,
        valued.clv_predicted_12m_margin,
        bought.margin_is_assumed
    from customers
    cross join heard
    left join bought on customers.customer_id = bought.customer_id
    left join window_orders on customers.customer_id = window_orders.customer_id
    left join favourites on customers.customer_id = favourites.customer_id
    left join pressed on customers.customer_id = pressed.customer_id
    left join opened on customers.customer_id = opened.customer_id
    left join consented on customers.customer_id = consented.customer_id
    left join belonged on customers.customer_id = belonged.customer_id
    left join touched on customers.customer_id = touched.customer_id
    left join asked on customers.customer_id = asked.customer_id
    left join called on customers.customer_id = called.customer_id
    left join {{ ref('int_customer_clv') }} as valued on customers.customer_id = valued.customer_id
    left join {{ ref('int_customer_values') }} as standing on customers.customer_id = standing.customer_id
    left join answered on customers.customer_id = answered.customer_id
    left join {{ ref('int_households') }} as households on customers.customer_id = households.customer_id
)

select * from final
