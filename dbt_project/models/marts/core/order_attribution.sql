-- Eight opinions on what brought an order. Each shares the order's revenue out over the touches of the attribution.window_days before
-- it (int_order_touches); an order without any is `unattributed`, in every model. All counted orders but those of marketplaces, whose
-- buyers nobody knows; the sums of a shift are there as one order.
-- To the kopeck: every touch gets its share rounded down, and what is left goes kopeck by kopeck to the largest remainders (compared
-- to a millionth of a kopeck), of equal ones to the earlier touch. Margin likewise. A touch that a model gives nothing has no row there.
-- Time decay halves with attribution.half_life_days of age at the order. The last significant touch is the last one whose channel is not
-- in attribution.insignificant_channels; of an order with no other, the last. Shapley's value of a channel in conversions of paths
-- inside a set of channels is, for one order, an equal part for each distinct channel; its touches share it. Markov: in
-- proportion to the removal effect of each touch's channel in the order's month.
{% set told = rule('attribution.insignificant_channels') -%}
{% set insignificant = ['direct', 'internal'] if told is number else told -%}
{% set first, last = rule('attribution.position_first'), rule('attribution.position_last') -%}
{% set models = ['first_touch', 'last_touch', 'last_significant', 'linear', 'position_based', 'time_decay', 'markov', 'shapley'] -%}
with orders as (
    select * from {{ ref('orders') }}
    where is_counted and sales_channel <> 'marketplace'
),

touches as (
    select
        *,
        cast({{ dbt.date_trunc('month', business_date('ordered_at')) }} as date) as month,
        cast({{ dbt.datediff('occurred_at', 'ordered_at', 'second') }} as double) / 86400 as days_before,
        count(*) over (partition by order_id, channel) as touches_of_channel,
        max(
            case when channel not in ('{{ insignificant | join("', '") }}') then position end
        ) over (partition by order_id) as last_significant_position
    from {{ ref('int_order_touches') }}
),

effects as (
    select * from {{ ref('int_removal_effects') }}
),

weighed as (
    select
        touches.*,
        coalesce(effects.removal_effect, 0) as removal_effect,
        -- of the newest touch 1, so that no weight of an old one can be too small to divide by
        power(
            2.0,
            (min(touches.days_before) over (partition by touches.order_id) - touches.days_before) / {{ rule('attribution.half_life_days') }}
        ) as decayed
    from touches
    left join effects on touches.month = effects.month and touches.channel = effects.channel
),

summed as (
    select
        *,
        -- as decimals, so that a sum of fractions is the same every night, whatever the order of the rows
        cast(sum(cast(decayed as decimal(18, 17))) over (partition by order_id) as double) as decayed_of_order,
        cast(sum(cast(removal_effect as decimal(18, 17))) over (partition by order_id) as double) as effect_of_order,
        round(sum(cast(1 as double) / touches_of_channel) over (partition by order_id)) as channels_count
    from weighed
),

shares as (
    select
        summed.*,
        orders.ordered_on,
        orders.net_revenue,
        orders.margin_amount,
        case when summed.position = 1 then 1.0 else 0.0 end as first_touch,
        case when summed.position = summed.touches_count then 1.0 else 0.0 end as last_touch,
        case
            when summed.position = coalesce(summed.last_significant_position, summed.touches_count) then 1.0 else 0.0
        end as last_significant,
        cast(1 as double) / summed.touches_count as linear,
        case
            when summed.touches_count = 1 then 1.0
            {%- if first + last > 0 %}
            when summed.touches_count = 2 and summed.position = 1 then {{ first / (first + last) }}
            when summed.touches_count = 2 then {{ last / (first + last) }}
            {%- else %}
            when summed.touches_count = 2 then 0.5
            {%- endif %}
            when summed.position = 1 then {{ first }}
            when summed.position = summed.touches_count then {{ last }}
            else cast({{ 1 - first - last }} as double) / (summed.touches_count - 2)
        end as position_based,
        summed.decayed / summed.decayed_of_order as time_decay,
        case
            when summed.effect_of_order > 0 then summed.removal_effect / summed.effect_of_order else cast(1 as double) / summed.touches_count
        end as markov,
        cast(1 as double) / summed.channels_count / summed.touches_of_channel as shapley
    from summed
    inner join orders on summed.order_id = orders.order_id
),

credited as (
    {%- for model in models %}
    select
        order_id,
        touchpoint_id,
        '{{ model }}' as model,
        channel,
        round(cast({{ model }} as double), 15) as credit,
        campaign_id,
        ordered_on,
        occurred_at,
        position,
        touches_count,
        net_revenue,
        margin_amount
    from shares
    where round(cast({{ model }} as double), 15) > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

kopecks as (
    select
        *,
        floor(round(credit * cast(net_revenue * 100 as double), 6)) as revenue_kopecks,
        floor(round(credit * cast(margin_amount * 100 as double), 6)) as margin_kopecks
    from credited
),

ranked as (
    select
        *,
        cast(net_revenue * 100 as double) - sum(revenue_kopecks) over (partition by order_id, model) as revenue_left,
        cast(margin_amount * 100 as double) - sum(margin_kopecks) over (partition by order_id, model) as margin_left,
        row_number() over (
            partition by order_id, model
            order by round(round(credit * cast(net_revenue * 100 as double), 6) - revenue_kopecks, 6) desc, position
        ) as revenue_rank,
        row_number() over (
            partition by order_id, model
            order by round(round(credit * cast(margin_amount * 100 as double), 6) - margin_kopecks, 6) desc, position
        ) as margin_rank
    from kopecks
),

models as (
    {%- for model in models %}
    select '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        order_id,
        touchpoint_id,
        model,
        channel,
        credit,
        cast(
            (revenue_kopecks + case when revenue_rank <= revenue_left then 1 else 0 end) / 100 as decimal(18, 2)
        ) as credited_revenue,
        cast(
            (margin_kopecks + case when margin_rank <= margin_left then 1 else 0 end) / 100 as decimal(18, 2)
        ) as credited_margin,
        campaign_id,
        ordered_on,
        occurred_at,
        cast(position as bigint) as position,
        cast(touches_count as bigint) as touches_count
    from ranked

    union all

    select
        orders.order_id,
        cast(null as {{ dbt.type_string() }}) as touchpoint_id,
        models.model,
        'unattributed' as channel,
        cast(1 as double) as credit,
        orders.net_revenue as credited_revenue,
        orders.margin_amount as credited_margin,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        orders.ordered_on,
        cast(null as {{ dbt.type_timestamp() }}) as occurred_at,
        cast(null as bigint) as position,
        cast(0 as bigint) as touches_count
    from orders
    left join (select distinct order_id from touches) as touched on orders.order_id = touched.order_id
    cross join models
    where touched.order_id is null
)

select *, {{ identity_version() }} as identity_version
from final
