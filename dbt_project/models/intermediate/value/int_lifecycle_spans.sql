-- Where a customer stood on each day, by the thresholds of that day's year. A stretch between two days with orders is cut at the
-- turns of years and at the two thresholds; until new_days after the first order the customer is new whatever else holds. A state
-- that an order, time or a year's new threshold does not change goes on in one row. One row per customer and stretch in a state.
{% set tomorrow = days_before_as_of(-1) -%}
with orders as (
    {{ people_orders() }}
),

thresholds as (
    select * from {{ ref('lifecycle_thresholds') }}
),

order_days as (
    select
        customer_id,
        ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on,
        min(ordered_on) over (partition by customer_id) as first_on
    from (select distinct customer_id, ordered_on from orders) as days
),

years as (
    select
        year,
        cast(concat(cast(year as {{ dbt.type_string() }}), '-01-01') as date) as starts_on,
        cast(concat(cast(year + 1 as {{ dbt.type_string() }}), '-01-01') as date) as ends_on,
        at_risk_days,
        lapsed_days
    from thresholds
),

yearly as (
    select
        order_days.customer_id,
        order_days.ordered_on,
        greatest(order_days.ordered_on, years.starts_on) as part_from,
        least(coalesce(order_days.next_on, {{ tomorrow }}), years.ends_on, {{ tomorrow }}) as part_to,
        cast({{ dbt.dateadd('day', rule('lifecycle.new_days'), 'order_days.first_on') }} as date) as settled_on,
        cast({{ dbt.dateadd('day', 'years.at_risk_days + 1', 'order_days.ordered_on') }} as date) as at_risk_on,
        cast({{ dbt.dateadd('day', 'years.lapsed_days + 1', 'order_days.ordered_on') }} as date) as lapsed_on
    from order_days
    inner join years
        on years.starts_on < coalesce(order_days.next_on, {{ tomorrow }}) and years.ends_on > order_days.ordered_on
),

pieces as (
    select
        customer_id,
        ordered_on,
        'new' as lifecycle_state,
        ordered_on as due_on,
        part_from as from_on,
        least(part_to, settled_on) as to_on
    from yearly

    union all

    select
        customer_id,
        ordered_on,
        'active' as lifecycle_state,
        greatest(ordered_on, settled_on) as due_on,
        greatest(part_from, settled_on) as from_on,
        least(part_to, at_risk_on) as to_on
    from yearly

    union all

    select
        customer_id,
        ordered_on,
        'at_risk' as lifecycle_state,
        greatest(at_risk_on, settled_on) as due_on,
        greatest(part_from, at_risk_on, settled_on) as from_on,
        least(part_to, lapsed_on) as to_on
    from yearly

    union all

    select
        customer_id,
        ordered_on,
        'lapsed' as lifecycle_state,
        greatest(lapsed_on, settled_on) as due_on,
        greatest(part_from, lapsed_on, settled_on) as from_on,
        part_to as to_on
    from yearly
),

told as (
    select
        customer_id,
        from_on,
        lifecycle_state,
        case
            when from_on = ordered_on then 'order'
            when from_on = due_on then 'time'
            else 'threshold'
        end as entered_by,
        lag(lifecycle_state) over (partition by customer_id order by from_on) as last_state
    from pieces
    where from_on < to_on
),

final as (
    select
        customer_id,
        from_on,
        coalesce(lead(from_on) over (partition by customer_id order by from_on), {{ tomorrow }}) as to_on,
        lifecycle_state,
        entered_by,
        coalesce(last_state = 'lapsed' and entered_by = 'order', false) as is_reactivation
    from told
    where last_state is null or last_state <> lifecycle_state
)

select * from final
