-- The purchase models behind p_alive and clv_predicted_12m_margin: BG/NBD (r, alpha, a, b; weeks) and Gamma-Gamma (p, q, v; reporting
-- currency), fitted by maximum likelihood (plugins/customer_value.py). `in_force` knows what was bought before the month of the refresh
-- and is used; `calibration` knows nothing of the last customer_value.holdout_days before it, and is held against what was bought then
-- by the customers it knows. Parameters that must not be used are NULL, and the status says why.
-- margin_share = margin net of returns / revenue before returns of the counted orders of customer_value.margin_window_days before
-- known_until, so that expected value before returns × margin_share is margin after them; a return takes its share of its order's margin.
{% set weeks = rule('customer_value.holdout_days') / 7 %}
{% set month = dbt.date_trunc('month', as_of_date()) %}
with histories as (
    select * from {{ ref('int_purchase_histories') }}
),

fits as (
    select 'in_force' as fit, 'fit' as moment, cast({{ month }} as date) as known_until
    union all
    select
        'calibration' as fit,
        'calibration' as moment,
        cast({{ dbt.dateadd('day', -1 * rule('customer_value.holdout_days'), month) }} as date) as known_until
),

told as (
    select moment, x, t_x, age, valued, m from histories
    where moment in ('fit', 'calibration')
),

fitted as (
    {{ fitted_by('moment', 'told') }}
),

counted as (
    select
        moment,
        count(*) as customers,
        count(case when x > 0 then 1 end) as repeat_customers,
        count(case when valued > 0 then 1 end) as valued_customers
    from told
    group by moment
),

people_orders as (
    {{ people_orders() }}
),

orders as (
    select
        fits.fit,
        people_orders.order_id,
        people_orders.net_revenue,
        people_orders.margin_amount,
        people_orders.cost_amount,
        people_orders.assumed_cost_amount
    from people_orders
    inner join fits
        on people_orders.ordered_on < fits.known_until
            and people_orders.ordered_on >= {{ dbt.dateadd('day', -1 * rule('customer_value.margin_window_days'), 'fits.known_until') }}
),

returned as (
    select fits.fit, returns.order_id, sum(returns.amount) as amount
    from {{ ref('returns') }} as returns
    inner join fits on returns.returned_on < fits.known_until
    group by fits.fit, returns.order_id
),

earned as (
    select
        orders.fit,
        sum(orders.net_revenue) as revenue,
        -- decimals add up to the same in whatever order the rows come; doubles would make every night a new version
        sum(cast(
            cast(orders.margin_amount as double)
            * (1 - case when orders.net_revenue > 0 then least(coalesce(returned.amount, 0) / orders.net_revenue, 1) else 0 end)
            as decimal(28, 9)
        )) as margin,
        sum(orders.cost_amount) as cost_amount,
        sum(orders.assumed_cost_amount) as assumed_cost_amount
    from orders
    left join returned on orders.fit = returned.fit and orders.order_id = returned.order_id
    group by orders.fit
),

foreseen as (
    select
        calibration.x,
        expected_purchases(
            {{ weeks }}, calibration.x, calibration.t_x, calibration.age, fitted.fit.r, fitted.fit.alpha, fitted.fit.a, fitted.fit.b
        ) as expected,
        cast(later.x - calibration.x as double) as bought
    from histories as calibration
    inner join histories as later on calibration.customer_id = later.customer_id and later.moment = 'fit'
    inner join fitted on calibration.moment = fitted.moment
    where calibration.moment = 'calibration'
),

errors as (
    select
        'calibration' as fit,
        sum(bought) as bought,
        cast(sum(cast(expected as decimal(28, 12))) as double) as expected,
        cast(sum(cast(abs(bought - expected) as decimal(28, 12))) as double) / count(*) as mean_absolute_error,
        sqrt(cast(sum(cast((bought - expected) * (bought - expected) as decimal(28, 12))) as double) / count(*))
            as root_mean_square_error,
        round(corr(bought, expected), 9) as correlation
    from foreseen
    where expected is not null
    having count(*) > 0
),

final as (
    select
        fits.fit,
        fits.known_until,
        coalesce(counted.customers, 0) as customers,
        coalesce(counted.repeat_customers, 0) as repeat_customers,
        fitted.fit.r as r,
        fitted.fit.alpha as alpha,
        fitted.fit.a as a,
        fitted.fit.b as b,
        fitted.fit.bg_nbd_log_likelihood as bg_nbd_log_likelihood,
        fitted.fit.bg_nbd_iterations as bg_nbd_iterations,
        coalesce(fitted.fit.bg_nbd_status, 'no_purchases') as bg_nbd_status,
        coalesce(counted.valued_customers, 0) as valued_customers,
        fitted.fit.p as p,
        fitted.fit.q as q,
        fitted.fit.v as v,
        fitted.fit.gamma_gamma_log_likelihood as gamma_gamma_log_likelihood,
        fitted.fit.gamma_gamma_iterations as gamma_gamma_iterations,
        coalesce(fitted.fit.gamma_gamma_status, 'no_purchases') as gamma_gamma_status,
        fitted.fit.value_correlation as value_correlation,
        {{ ratio('earned.margin', 'earned.revenue') }} as margin_share,
        {{ ratio('earned.assumed_cost_amount', 'earned.cost_amount') }} as assumed_cost_share,
        errors.bought as holdout_purchases,
        errors.expected as holdout_expected_purchases,
        {{ ratio('errors.expected', 'errors.bought') }} - 1 as holdout_bias,
        errors.mean_absolute_error as holdout_mean_absolute_error,
        errors.root_mean_square_error as holdout_root_mean_square_error,
        errors.correlation as holdout_correlation,
        {{ identity_version() }} as identity_version
    from fits
    left join fitted on fits.moment = fitted.moment
    left join counted on fits.moment = counted.moment
    left join earned on fits.fit = earned.fit
    left join errors on fits.fit = errors.fit
)

select * from final
