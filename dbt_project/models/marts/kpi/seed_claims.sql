-- What the documents that asked for these KPIs claim, beside what this retailer's own data says. Own values are of the last 12 full
-- months or of the last full month, as the caveat says; sums of parts first, then one division. One row per claim.
{% set this_month = dbt.date_trunc('month', as_of_date()) %}

with claims as (
    select * from {{ ref('published_claims') }}
),

calendar as (
    select
        cast({{ this_month }} as date) as this_month,
        cast({{ dbt.dateadd('month', -1, this_month) }} as date) as last_month,
        cast({{ dbt.dateadd('month', -12, this_month) }} as date) as since,
        cast({{ dbt.dateadd('month', -13, this_month) }} as date) as month_last_year
),

omnichannel as (
    select marts.*
    from {{ ref('kpi_omnichannel_monthly') }} as marts
    inner join calendar on marts.month = calendar.last_month
    where marts.frequency_band = 'all'
),

index_months as (
    select
        sum(matched_customers) as matched_customers,
        {{ ratio('sum(repeat_visits)', 'sum(baseline_repeat_visits)') }} - 1 as uplift_repeat_visits
    from (
        select
            matched_customers,
            repeat_visits,
            baseline_repeat_visits,
            row_number() over (order by month desc) as place
        from {{ ref('kpi_omnichannel_monthly') }}
        where frequency_band = 'all' and channels_count is null and shopper_type = 'omnichannel' and uplift_repeat_visits is not null
    ) as ripe
    where place <= 12
),

members as (
    select
        marts.is_loyalty_member,
        sum(marts.orders_count) as orders_count,
        {{ ratio('sum(marts.margin_amount)', 'sum(marts.orders_count)') }} as margin_per_order
    from {{ ref('kpi_customer_value_monthly') }} as marts
    inner join calendar on marts.month >= calendar.since and marts.month < calendar.this_month
    group by marts.is_loyalty_member
),

visits as (
    select
        sum(marts.active_customer_weeks) as n,
        {{ ratio('sum(marts.active_store_visits)', 'sum(marts.active_customer_weeks)') }} as own_value
    from {{ ref('kpi_customer_value_monthly') }} as marts
    inner join calendar on marts.month >= calendar.since and marts.month < calendar.this_month
),

conversions as (
    select
        sum(case when marts.from_channel = 'web' then marts.measured_sessions end) as sessions,
        {{ ratio(
            "sum(case when marts.from_channel = 'web' then marts.purchasing_sessions end)",
            "sum(case when marts.from_channel = 'web' then marts.measured_sessions end)"
        ) }} as of_sessions,
        sum(case when marts.from_channel = marts.to_channel then marts.starters end) as starters,
        {{ ratio('sum(marts.converted_elsewhere)', 'sum(case when marts.converted_elsewhere is not null then marts.starters end)') }}
            as across_channels
    from {{ ref('kpi_channel_conversion_monthly') }} as marts
    inner join calendar on marts.month >= calendar.since and marts.month < calendar.this_month
    where marts.from_channel = marts.to_channel
),

conversion_years as (
    select
        sum(case when marts.month = calendar.last_month then marts.measured_sessions end) as sessions,
        {{ ratio(
            'sum(case when marts.month = calendar.last_month then marts.purchasing_sessions end)',
            'sum(case when marts.month = calendar.last_month then marts.measured_sessions end)'
        ) }} as now_rate,
        {{ ratio(
            'sum(case when marts.month = calendar.month_last_year then marts.purchasing_sessions end)',
            'sum(case when marts.month = calendar.month_last_year then marts.measured_sessions end)'
        ) }} as before_rate
    from {{ ref('kpi_channel_conversion_monthly') }} as marts
    cross join calendar
    where marts.from_channel = 'web' and marts.to_channel = 'web'
),

messages as (
    select
        marts.channel,
        sum(marts.delivered) as delivered,
        {{ ratio('sum(marts.opened)', 'sum(marts.delivered)') }} as open_rate,
        {{ ratio('sum(marts.engaged)', 'sum(marts.delivered)') }} as engagement_rate
    from {{ ref('kpi_messaging_daily') }} as marts
    inner join calendar on marts.day >= calendar.since and marts.day < calendar.this_month
    group by marts.channel
),

carts as (
    select
        marts.channel,
        sum(marts.delivered) as delivered,
        {{ ratio('case when sum(marts.opened) > sum(marts.clicked) then sum(marts.opened) end', 'sum(marts.delivered)') }} as open_rate,
        {{ ratio('sum(marts.clicked)', 'sum(marts.delivered)') }} as click_rate
    from {{ ref('kpi_trigger_monthly') }} as marts
    inner join calendar on marts.month >= calendar.since and marts.month < calendar.this_month
    where marts.trigger_name like 'abandoned_cart%'
    group by marts.channel
),

-- The legs of a mailing (an e-mail, then an SMS) are campaigns of their own, which share the utm_campaign of their links and not the name.
resends as (
    select
        is_with_sms,
        sum(delivered) as delivered,
        {{ ratio('sum(revenue)', 'sum(delivered)') }} as revenue_per_message
    from (
        select
            max(case when legs.channel = 'sms' then 1 else 0 end) as is_with_sms,
            max(case when legs.channel = 'email' then 1 else 0 end) as is_with_email,
            sum(legs.delivered) as delivered,
            sum(legs.attributed_revenue) as revenue
        from {{ ref('kpi_campaigns') }} as legs
        left join {{ ref('campaigns') }} as campaigns on legs.campaign_id = campaigns.campaign_id
        where legs.message_type = 'mass'
        group by lower(trim(coalesce(campaigns.utm_campaign, legs.campaign_name, legs.campaign_id)))
    ) as sums
    where is_with_email = 1
    group by is_with_sms
),

answers as (
    select
        sum(marts.nps_answers) as n,
        100 * {{ ratio('sum(marts.net_promoters)', 'sum(marts.nps_answers)') }} as nps
    from {{ ref('kpi_feedback_monthly') }} as marts
    inner join calendar on marts.month >= calendar.since and marts.month < calendar.this_month
),

buyers as (
    select
        count(*) as n,
        avg(cast(net_revenue as double)) as revenue_per_buyer
    from {{ ref('customer_360') }}
    where orders_count > 0 and not is_employee and not is_b2b
),

dollars as (
    select max(rate) as rate
    from {{ ref('int_exchange_rates') }}
    where currency = 'USD' and valid_from <= {{ as_of_date() }} and valid_before > {{ as_of_date() }}
),

-- Why a value in dollars is missing, or by which rate it is told; the value itself in the reporting currency either way.
words as (
    select
        'customer_lifetime_value' as claim_id,
        '. In {{ rule('business.currency') }} it is '
        || cast(cast(buyers.revenue_per_buyer as decimal(18, 2)) as {{ dbt.type_string() }})
        || case
            when dollars.rate is null
                then '. No own value: the seed exchange_rates has no rate for USD on {{ as_of_day() }}. It would reach '
                    || cast(cast(claims.low as integer) as {{ dbt.type_string() }}) || ' USD while a dollar costs at most '
                    || cast(cast(buyers.revenue_per_buyer / claims.low as decimal(18, 2)) as {{ dbt.type_string() }})
            else ', at ' || cast(cast(dollars.rate as decimal(18, 4)) as {{ dbt.type_string() }}) || ' a dollar'
        end as caveat
    from claims
    cross join buyers
    cross join dollars
    where claims.claim_id = 'customer_lifetime_value'
),

stores as (
    select
        count(marts.like_for_like_revenue_last_year) as n,
        {{ ratio('sum(marts.like_for_like_revenue)', 'sum(marts.like_for_like_revenue_last_year)') }} - 1 as growth
    from {{ ref('kpi_store_monthly') }} as marts
    inner join calendar on marts.month = calendar.last_month
    where marts.is_comparable
),

programme as (
    select marts.known_customers, marts.participation_rate
    from {{ ref('kpi_loyalty_monthly') }} as marts
    inner join calendar on marts.month = calendar.last_month
),

home as (
    select region
    from (
        select region, row_number() over (order by count(*) desc, region) as place
        from {{ ref('stores') }}
        where region is not null and kind = 'store'
        group by region
    ) as counted
    where place = 1
),

online as (
    select
        orders.*,
        home.region as home_region,
        {{ dbt.date_trunc('month', 'orders.ordered_on') }} = calendar.last_month as is_last_month,
        {{ dbt.date_trunc('month', 'orders.ordered_on') }} = calendar.month_last_year as is_month_last_year,
        orders.ordered_on >= calendar.since as is_of_the_year
    from {{ ref('orders') }} as orders
    cross join calendar
    left join home on home.region is not null
    where orders.is_counted and orders.channel_class = 'online'
        and orders.ordered_on >= calendar.month_last_year and orders.ordered_on < calendar.this_month
),

-- net of the returns of the month, as everywhere
revenue as (
    select
        {{ ratio(
            'sum(case when ' ~ dbt.date_trunc('month', 'sales.day') ~ ' = calendar.last_month then sales.net_revenue end)',
            'sum(case when ' ~ dbt.date_trunc('month', 'sales.day') ~ ' = calendar.month_last_year then sales.net_revenue end)'
        ) }} - 1 as revenue_growth
    from {{ ref('kpi_sales_daily') }} as sales
    cross join calendar
    inner join {{ ref('channels') }} as channels on sales.sales_channel = channels.channel
    where channels.channel_class = 'online'
),

sales as (
    select
        count(case when is_last_month then 1 end) as orders_now,
        {{ ratio('count(case when is_last_month then 1 end)', 'count(case when is_month_last_year then 1 end)') }} - 1 as orders_growth,
        count(case when is_of_the_year and delivery_region is not null and home_region is not null then 1 end) as delivered_somewhere,
        {{ ratio(
            'count(case when is_of_the_year and delivery_region <> home_region then 1 end)',
            'count(case when is_of_the_year and delivery_region is not null and home_region is not null then 1 end)'
        ) }} as share_from_regions,
        count(case when is_of_the_year and payment_method <> 'unknown' then 1 end) as paid_somehow,
        {{ ratio(
            "count(case when is_of_the_year and payment_method in ('cash', 'card') then 1 end)",
            "count(case when is_of_the_year and payment_method <> 'unknown' then 1 end)"
        ) }} as share_paid_on_receipt
    from online
),

calls as (
    select
        count(*) as n,
        {{ ratio('count(calls.traffic_source)', 'count(*)') }} as source_known_share
    from {{ ref('calls') }} as calls
    inner join calendar
        on {{ business_date('calls.started_at') }} >= calendar.since and {{ business_date('calls.started_at') }} < calendar.this_month
    where calls.direction = 'in'
),

own_values as (
    {%- set by_month = [
        ('omnichannel_order_value', 'uplift_average_order_value', 'orders', "shopper_type = 'omnichannel' and channels_count is null"),
        ('omnichannel_lifetime_value', 'uplift_ltv', 'customers', "shopper_type = 'omnichannel' and channels_count is null"),
        ('online_only_shoppers_by_touch', 'shopper_type_share_by_touch', 'touched_customers', "shopper_type = 'online_only' and channels_count is null"),
        ('offline_only_shoppers_by_touch', 'shopper_type_share_by_touch', 'touched_customers', "shopper_type = 'offline_only' and channels_count is null"),
        ('omnichannel_shoppers_by_touch', 'shopper_type_share_by_touch', 'touched_customers', "shopper_type = 'omnichannel' and channels_count is null"),
        ('online_only_shoppers_by_purchase', 'shopper_type_share', 'buyers', "shopper_type = 'online_only' and channels_count is null"),
        ('offline_only_shoppers_by_purchase', 'shopper_type_share', 'buyers', "shopper_type = 'offline_only' and channels_count is null"),
        ('omnichannel_shoppers_by_purchase', 'shopper_type_share', 'buyers', "shopper_type = 'omnichannel' and channels_count is null"),
    ] %}
    {%- for claim, value, n, cell in by_month %}
    select '{{ claim }}' as claim_id, cast({{ value }} as double) as own_value, cast({{ n }} as bigint) as own_n
    from omnichannel
    where {{ cell }}
    union all
    {%- endfor %}
    {%- set counted = [
        ('multichannel_revenue',
            '(select ' ~ ratio('sum(net_revenue)', 'sum(customers)') ~ " from omnichannel where channels_count >= 2 and shopper_type = 'all')"
            ~ ' / nullif((select ' ~ ratio('sum(net_revenue)', 'sum(customers)') ~ " from omnichannel where channels_count = 1 and shopper_type = 'all'), 0) - 1",
            "(select sum(customers) from omnichannel where channels_count >= 2 and shopper_type = 'all')"),
        ('omnichannel_repeat_visits', '(select uplift_repeat_visits from index_months)', '(select matched_customers from index_months)'),
        ('loyal_customer_profit',
            '(select margin_per_order from members where is_loyalty_member) / nullif((select margin_per_order from members where not is_loyalty_member), 0) - 1',
            '(select orders_count from members where is_loyalty_member)'),
        ('visits_a_week', '(select own_value from visits)', '(select n from visits)'),
        ('ecommerce_conversion', '(select of_sessions from conversions)', '(select sessions from conversions)'),
        ('cross_channel_conversion', '(select across_channels from conversions)', '(select starters from conversions)'),
        ('conversion_growth', '(select now_rate / nullif(before_rate, 0) - 1 from conversion_years)', '(select sessions from conversion_years)'),
        ('email_open_rate', "(select open_rate from messages where channel = 'email')", "(select delivered from messages where channel = 'email')"),
        ('push_engagement', "(select engagement_rate from messages where channel = 'push')", "(select delivered from messages where channel = 'push')"),
        ('abandoned_cart_push_opens', "(select open_rate from carts where channel = 'push')", "(select delivered from carts where channel = 'push')"),
        ('abandoned_cart_push_clicks', "(select click_rate from carts where channel = 'push')", "(select delivered from carts where channel = 'push')"),
        ('abandoned_cart_email_opens', "(select open_rate from carts where channel = 'email')", "(select delivered from carts where channel = 'email')"),
        ('abandoned_cart_email_clicks', "(select click_rate from carts where channel = 'email')", "(select delivered from carts where channel = 'email')"),
        ('resend_with_sms',
            '(select revenue_per_message from resends where is_with_sms = 1) / nullif((select revenue_per_message from resends where is_with_sms = 0), 0)',
            '(select delivered from resends where is_with_sms = 1)'),
        ('nps_average', '(select nps from answers)', '(select n from answers)'),
        ('nps_excellent', '(select nps from answers)', '(select n from answers)'),
        ('customer_lifetime_value', '(select revenue_per_buyer from buyers) / (select rate from dollars)', '(select n from buyers)'),
        ('tenant_sales', '(select growth from stores)', '(select n from stores)'),
        ('residents_in_programme', '(select participation_rate from programme)', '(select known_customers from programme)'),
        ('online_sales_growth', '(select revenue_growth from revenue)', '(select orders_now from sales)'),
        ('online_orders_growth', '(select orders_growth from sales)', '(select orders_now from sales)'),
        ('orders_from_regions', '(select share_from_regions from sales)', '(select delivered_somewhere from sales)'),
        ('pay_on_receipt', '(select share_paid_on_receipt from sales)', '(select paid_somehow from sales)'),
        ('call_source_known', '(select source_known_share from calls)', '(select n from calls)'),
    ] %}
    {%- for claim, value, n in counted %}
    select '{{ claim }}' as claim_id, cast({{ value }} as double) as own_value, cast({{ n }} as bigint) as own_n
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        claims.claim_id,
        claims.source,
        claims.claim,
        cast(claims.low as double) as low,
        cast(claims.high as double) as high,
        claims.unit,
        -- so that the last digit does not hang on the order of rows, and no night is a new version for it
        round(own_values.own_value, 12) as own_value,
        coalesce(own_values.own_n, 0) as own_n,
        claims.caveat || coalesce(words.caveat, '') as caveat
    from claims
    left join own_values on claims.claim_id = own_values.claim_id
    left join words on claims.claim_id = words.claim_id
)

select * from final
