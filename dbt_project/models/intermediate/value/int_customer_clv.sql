-- What a customer is expected to buy in the next customer_value.predicted_months, as of the refresh: the parameters in force
-- (clv_models) and the customer's history to this day. A month is 52/12 weeks, rounded to whole weeks. Purchases of week k count
-- 1 / (1 + discount_rate_per_year) ^ (k / 52); the value is expected_orders, so discounted, × expected_order_value × margin_share.
-- NULL where the model has no parameters; clv_models says why. One row per customer who has bought.
{% set weeks = (rule('customer_value.predicted_months') * 52 / 12) | round | int %}
{% set discount = (1 + rule('customer_value.discount_rate_per_year')) ** (1 / 52) - 1 %}
{% set purchases = 'histories.x, histories.t_x, histories.age, models.r, models.alpha, models.a, models.b' %}
with histories as (
    select * from {{ ref('int_purchase_histories') }}
    where moment = 'now'
),

models as (
    select * from {{ ref('clv_models') }}
    where fit = 'in_force'
),

forecast as (
    select
        histories.customer_id,
        histories.x,
        histories.t_x,
        histories.age,
        histories.valued,
        histories.m,
        probability_alive({{ purchases }}) as p_alive,
        expected_purchases({{ weeks }}, {{ purchases }}) as expected_orders_12m,
        discounted_purchases({{ weeks }}, {{ discount }}, {{ purchases }}) as discounted_orders,
        (models.p * models.v + models.p * histories.valued * coalesce(histories.m, 0)) / (models.p * histories.valued + models.q - 1)
            as expected_order_value,
        models.margin_share
    from histories
    cross join models
),

final as (
    select
        customer_id,
        x as repeat_purchases,
        t_x as recency_weeks,
        age as age_weeks,
        valued as valued_purchases,
        m as repeat_purchase_value,
        p_alive,
        expected_orders_12m,
        expected_order_value,
        cast(discounted_orders * expected_order_value * margin_share as decimal(18, 2)) as clv_predicted_12m_margin
    from forecast
)

select * from final
