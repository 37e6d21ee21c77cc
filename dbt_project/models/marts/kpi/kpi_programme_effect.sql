-- What changed with the loyalty programme: the loyalty.programme_effect_days before against as many after. Two windows of the same
-- length, wholly inside the history; people only (no employees, companies, marketplaces, tests); revenue before returns.
-- launch: everybody with an order in either window, before and from the programme's start (what its system says, else the first
--   enrolment). Seasons and everything else that changed are in it.
-- enrolment: members with an order in the window before the day they enrolled; the day itself is in neither window, since the purchase
--   that made somebody enrol would count as its effect. Who left later stays in. They were rising already, so this form flatters.
-- matched: those of them beside whom stand non-members of the same month and the same orders (0, 1, 2, loyalty.programme_matching_orders or more) in the older and
--   in the newer half of the window before; a non-member is watched around the middle of the month and is none who enrols by the end of
--   the window after. All non-members of a cell stand for each of its members (coarsened exact matching), nothing is drawn;
--   they are summed as decimals, so that the same facts give the same digits.
-- effect = change of the members less change of the matched. Who enrols may still differ in what orders do not show; and a member shows a
-- card at the till, so that more of the receipts are known after enrolment than before: online orders alone are free of that.
-- Churn is by lifecycle (lapsed in the window / not lapsed at its start) and NULL where nobody can have lapsed: the history before the first
-- window is shorter than the threshold, or both windows together are (who is watched has ordered in them, so lapses after them);
-- attrition needs the window alone: ordered in its first half and not in its second. One row per form and metric.
{% set days = rule('loyalty.programme_effect_days') -%}
{% set half = days // 2 -%}
{% set many = rule('loyalty.programme_matching_orders') -%}
{% set measures = ['revenue', 'orders', 'buyers', 'people', 'online_orders', 'lapsed', 'alive', 'dropped', 'early'] -%}
{% set metrics = {
    'average_order_value': ['revenue', 'orders'], 'purchase_frequency': ['orders', 'buyers'],
    'orders_per_customer': ['orders', 'people'], 'revenue_per_customer': ['revenue', 'people'],
    'online_orders_per_customer': ['online_orders', 'people'], 'churn_rate': ['lapsed', 'alive'], 'attrition_rate': ['dropped', 'early'],
} -%}
with orders as (
    {{ people_orders() }}
),

memberships as (
    {{ memberships() }}
),

history as (
    select min(ordered_on) as begins_on from orders
),

launches as (
    select coalesce(
        (select min(programme_started_on) from {{ ref('loyalty_accounts') }}), (select min(enrolled_on) from memberships)
    ) as launched_on
),

months as (
    select distinct month, cast({{ dbt.dateadd('day', 14, 'month') }} as date) as middle_on
    from {{ ref('dates') }}
),

buyers as (
    select distinct customer_id from orders
),

indexed as (
    select 'launch' as side, orders.customer_id, launches.launched_on as before_to, launches.launched_on as after_from
    from launches
    inner join orders
        on orders.ordered_on >= cast({{ dbt.dateadd('day', -1 * days, 'launches.launched_on') }} as date)
            and orders.ordered_on < cast({{ dbt.dateadd('day', days, 'launches.launched_on') }} as date)
    group by orders.customer_id, launches.launched_on

    union all

    select
        'member' as side,
        customer_id,
        enrolled_on as before_to,
        cast({{ dbt.dateadd('day', 1, 'enrolled_on') }} as date) as after_from
    from memberships

    union all

    select
        'other' as side,
        buyers.customer_id,
        months.middle_on as before_to,
        cast({{ dbt.dateadd('day', 1, 'months.middle_on') }} as date) as after_from
    from buyers
    cross join months
    left join memberships on buyers.customer_id = memberships.customer_id
    where memberships.customer_id is null
        or memberships.enrolled_on > cast({{ dbt.dateadd('day', days, 'months.middle_on') }} as date)
),

watched as (
    select
        side,
        customer_id,
        cast({{ dbt.date_trunc('month', 'before_to') }} as date) as month,
        cast({{ dbt.dateadd('day', -1 * days, 'before_to') }} as date) as before_from,
        cast({{ dbt.dateadd('day', half - days, 'before_to') }} as date) as before_middle,
        before_to,
        after_from,
        cast({{ dbt.dateadd('day', half, 'after_from') }} as date) as after_middle,
        cast({{ dbt.dateadd('day', days, 'after_from') }} as date) as after_to
    from indexed
),

units as (
    select
        watched.*,
        coalesce(
            {{ dbt.datediff('history.begins_on', 'watched.before_from', 'day') }} >= thresholds.lapsed_days
            and thresholds.lapsed_days < {{ 2 * days }},
            false
        ) as churn_is_known
    from watched
    cross join history
    left join {{ ref('lifecycle_thresholds') }} as thresholds on extract(year from watched.before_from) = thresholds.year
    where watched.before_from >= history.begins_on and watched.after_to <= {{ as_of_date() }}
),

bought as (
    select
        units.side,
        units.customer_id,
        units.month,
        {%- for period in ['before', 'after'] %}
        {%- set within = 'orders.ordered_on >= units.' ~ period ~ '_from and orders.ordered_on < units.' ~ period ~ '_to' %}
        sum(case when {{ within }} then orders.net_revenue else 0 end) as revenue_{{ period }},
        sum(case when {{ within }} then 1 else 0 end) as orders_{{ period }},
        sum(case when {{ within }} and orders.channel_class = 'online' then 1 else 0 end) as online_orders_{{ period }},
        sum(case when {{ within }} and orders.ordered_on < units.{{ period }}_middle then 1 else 0 end) as early_orders_{{ period }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from units
    inner join orders
        on units.customer_id = orders.customer_id
            and orders.ordered_on >= units.before_from and orders.ordered_on < units.after_to
    group by units.side, units.customer_id, units.month
),

lifecycles as (
    select
        units.side,
        units.customer_id,
        units.month,
        {%- for period in ['before', 'after'] %}
        max(case
            when spans.from_on < units.{{ period }}_from and spans.to_on >= units.{{ period }}_from
                and spans.lifecycle_state <> 'lapsed' then 1 else 0
        end) as alive_{{ period }},
        max(case
            when spans.from_on >= units.{{ period }}_from and spans.from_on < units.{{ period }}_to
                and spans.lifecycle_state = 'lapsed' and spans.entered_by = 'time' then 1 else 0
        end) as lapsed_{{ period }}{{ ',' if not loop.last }}
        {%- endfor %}
    from units
    inner join {{ ref('int_lifecycle_spans') }} as spans
        on units.customer_id = spans.customer_id
            and spans.from_on < units.after_to and spans.to_on >= units.before_from
    where units.churn_is_known
    group by units.side, units.customer_id, units.month
),

people as (
    select
        bought.side,
        bought.customer_id,
        bought.month,
        least(bought.early_orders_before, {{ many }}) as older_band,
        least(bought.orders_before - bought.early_orders_before, {{ many }}) as newer_band,
        {%- for period in ['before', 'after'] %}
        bought.revenue_{{ period }},
        bought.orders_{{ period }},
        bought.online_orders_{{ period }},
        case when bought.orders_{{ period }} > 0 then 1 else 0 end as buyers_{{ period }},
        1 as people_{{ period }},
        lifecycles.alive_{{ period }} * lifecycles.lapsed_{{ period }} as lapsed_{{ period }},
        lifecycles.alive_{{ period }},
        case when bought.early_orders_{{ period }} > 0 then 1 else 0 end as early_{{ period }},
        case
            when bought.early_orders_{{ period }} > 0 and bought.early_orders_{{ period }} = bought.orders_{{ period }} then 1 else 0
        end as dropped_{{ period }}{{ ',' if not loop.last }}
        {%- endfor %}
    from bought
    left join lifecycles
        on bought.side = lifecycles.side and bought.customer_id = lifecycles.customer_id and bought.month = lifecycles.month
    where bought.side = 'launch' or bought.orders_before > 0
),

cells as (
    select
        side,
        month,
        older_band,
        newer_band,
        {%- for measure in measures %}
        sum({{ measure }}_before) as {{ measure }}_before,
        sum({{ measure }}_after) as {{ measure }}_after,
        {%- endfor %}
        count(*) as people
    from people
    group by side, month, older_band, newer_band
),

forms as (
    select 'launch' as form, 'launch' as side, 'none' as other_side
    union all
    select 'enrolment' as form, 'member' as side, 'none' as other_side
    union all
    select 'matched' as form, 'member' as side, 'other' as other_side
),

sums as (
    select
        forms.form,
        sum(own.people) as people,
        sum(others.people) as matched_people,
        {%- for measure in measures %}
        {%- for period in ['before', 'after'] %}
        {%- set column = measure ~ '_' ~ period %}
        cast(sum(own.{{ column }}) as double) as {{ column }},
        cast(sum(cast(own.people * cast(others.{{ column }} as double) / others.people as decimal(38, 16))) as double)
            as matched_{{ column }}{{ ',' if not (loop.last and measure == measures[-1]) }}
        {%- endfor %}
        {%- endfor %}
    from forms
    left join cells as own on forms.side = own.side
    left join cells as others
        on forms.other_side = others.side
            and own.month = others.month and own.older_band = others.older_band and own.newer_band = others.newer_band
    where forms.form <> 'matched' or others.side is not null
    group by forms.form
),

metrics as (
    {%- for metric in metrics %}
    select '{{ metric }}' as metric
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

parts as (
    select
        forms.form,
        metrics.metric,
        sums.people,
        sums.matched_people,
        {%- for column in ['numerator_before', 'denominator_before', 'numerator_after', 'denominator_after'] %}
        {%- set place, period = column.split('_') %}
        {%- for prefix in ['', 'matched_'] %}
        case metrics.metric
            {%- for metric, measured in metrics.items() %}
            when '{{ metric }}' then sums.{{ prefix }}{{ measured[0 if place == 'numerator' else 1] }}_{{ period }}
            {%- endfor %}
        end as {{ prefix }}{{ column }}{{ ',' if not (loop.last and column == 'denominator_after') }}
        {%- endfor %}
        {%- endfor %}
    from forms
    cross join metrics
    left join sums on forms.form = sums.form
),

valued as (
    select
        *,
        {{ ratio('numerator_before', 'denominator_before') }} as value_before,
        {{ ratio('numerator_after', 'denominator_after') }} as value_after,
        {{ ratio('matched_numerator_before', 'matched_denominator_before') }} as matched_value_before,
        {{ ratio('matched_numerator_after', 'matched_denominator_after') }} as matched_value_after
    from parts
),

final as (
    select
        valued.form,
        valued.metric,
        case
            when valued.form = 'launch' then cast({{ dbt.dateadd('day', -1 * days, 'launches.launched_on') }} as date)
        end as window_from,
        case
            when valued.form = 'launch' then cast({{ dbt.dateadd('day', days - 1, 'launches.launched_on') }} as date)
        end as window_to,
        cast(coalesce(valued.people, 0) as bigint) as people,
        valued.numerator_before,
        valued.denominator_before,
        valued.value_before,
        valued.numerator_after,
        valued.denominator_after,
        valued.value_after,
        valued.value_after - valued.value_before as change,
        cast(valued.matched_people as bigint) as matched_people,
        valued.matched_numerator_before,
        valued.matched_denominator_before,
        valued.matched_value_before,
        valued.matched_numerator_after,
        valued.matched_denominator_after,
        valued.matched_value_after,
        valued.matched_value_after - valued.matched_value_before as matched_change,
        valued.value_after - valued.value_before - (valued.matched_value_after - valued.matched_value_before) as effect
    from valued
    cross join launches
)

select * from final
