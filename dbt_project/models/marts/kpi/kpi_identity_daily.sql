-- How whole the picture of a person is, day by day. Stocks as of the end of the day: a vendor record counts from the day on which its
-- system is known to have had it (customer_records), what it tells from the day of customer_record_attributes. Who is one person, and what
-- stands in a record, is as known at the refresh: systems keep no history of either, so a merge found today also joins yesterday's
-- records, and a field filled in later counts from the day of its record. Records that a system shows no more are in no day.
-- Employees and companies are no people here, tests are no customers. Receipts are flows of the day and the retailer's, as in
-- kpi_sales_daily: counted orders and receipts, without marketplaces, whose buyers nobody can know, and sums of shifts.
-- The row `all` holds each person once; a system's row holds the people whom it knows.
{% set told = rule('identity.expected_attributes') %}
{% set expected = told if told is iterable else ['name'] %}
with people as (
    select customer_id from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

orders as (
    select * from {{ ref('orders') }}
),

dated as (
    select kept.*
    from {{ ref('customer_records') }} as kept
    inner join people on kept.customer_id = people.customer_id
),

claims as (
    select told.*
    from {{ ref('customer_record_attributes') }} as told
    inner join people on told.customer_id = people.customer_id
),

-- From here on `all` is one more system, which holds every record.
records as (
    select customer_id, source_system, known_on from dated
    union all
    select customer_id, 'all' as source_system, known_on from dated
),

acquaintances as (
    select customer_id, source_system, min(known_on) as known_on
    from records
    group by customer_id, source_system
),

second_systems as (
    select customer_id, known_on as second_on
    from (
        select
            customer_id,
            known_on,
            row_number() over (partition by customer_id order by known_on, source_system) as place
        from acquaintances
        where source_system <> 'all'
    ) as placed
    where place = 2
),

golden as (
    select customer_id, attribute, min(told_on) as told_on
    from claims
    group by customer_id, attribute
),

own as (
    select customer_id, source_system, attribute, min(told_on) as told_on
    from claims
    group by customer_id, source_system, attribute
),

receipts as (
    select
        ordered_on,
        source_system,
        receipts_count as receipts,
        case when customer_id is not null then receipts_count else 0 end as identified_receipts,
        case when sales_channel = 'store' then receipts_count else 0 end as store_receipts,
        case when sales_channel = 'store' and customer_id is not null then receipts_count else 0 end as identified_store_receipts
    from orders
    where is_counted and sales_channel <> 'marketplace' and coalesce(order_kind, 'order') <> 'shift_report'
),
{#- What each fact adds to which column, on which day. -#}
{% set stocks = ['profiles', 'customers', 'multi_source_customers', 'filled_attributes', 'told_attributes'] %}
{% set flows = ['receipts', 'identified_receipts', 'store_receipts', 'identified_store_receipts'] %}
{% set parts = [
    ('records', 'records.source_system', 'records.known_on', ['profiles']),
    ('acquaintances', 'acquaintances.source_system', 'acquaintances.known_on', ['customers']),
    ('acquaintances inner join second_systems on acquaintances.customer_id = second_systems.customer_id',
        'acquaintances.source_system', 'greatest(acquaintances.known_on, second_systems.second_on)', ['multi_source_customers']),
    ('acquaintances inner join golden on acquaintances.customer_id = golden.customer_id',
        'acquaintances.source_system', 'greatest(acquaintances.known_on, golden.told_on)', ['filled_attributes']),
    ('own', 'own.source_system', 'own.told_on', ['told_attributes']),
    ('golden', "'all'", 'golden.told_on', ['told_attributes']),
    ('receipts', 'receipts.source_system', 'receipts.ordered_on', flows),
    ('receipts', "'all'", 'receipts.ordered_on', flows),
] %}

facts as (
    {%- for source, system, day, adds in parts %}
    select
        {%- for column in stocks + flows %}
        {{ (column if column in flows else 1) if column in adds else 0 }} as {{ column }},
        {%- endfor %}
        {{ system }} as source_system,
        {{ day }} as day
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

calendar as (
    select date_on as day, min(date_on) over () as first_day
    from {{ ref('dates') }}
    where date_on <= {{ as_of_date() }}
),

daily as (
    select
        {%- for column in stocks + flows %}
        sum(facts.{{ column }}) as {{ column }},
        {%- endfor %}
        facts.source_system,
        greatest(facts.day, bounds.first_day) as day
    from facts
    cross join (select min(first_day) as first_day from calendar) as bounds
    where facts.day <= {{ as_of_date() }}
    group by facts.source_system, greatest(facts.day, bounds.first_day)
),

lives as (
    select source_system, min(day) as first_day from daily
    group by source_system
),

grid as (
    select calendar.day, lives.source_system
    from lives
    inner join calendar on lives.first_day <= calendar.day
),

summed as (
    select
        {%- for column in stocks %}
        cast(sum(coalesce(daily.{{ column }}, 0)) over (
            partition by grid.source_system order by grid.day rows between unbounded preceding and current row
        ) as bigint) as {{ column }},
        {%- endfor %}
        {%- for column in flows %}
        cast(coalesce(daily.{{ column }}, 0) as bigint) as {{ column }},
        {%- endfor %}
        grid.day,
        grid.source_system
    from grid
    left join daily on grid.source_system = daily.source_system and grid.day = daily.day
),

final as (
    select
        day,
        source_system,
        profiles,
        customers,
        {{ ratio('profiles', 'customers') }} as profiles_per_customer,
        multi_source_customers,
        {{ ratio('multi_source_customers', 'customers') }} as multi_source_share,
        receipts,
        identified_receipts,
        {{ ratio('identified_receipts', 'receipts') }} as identified_receipt_share,
        store_receipts,
        identified_store_receipts,
        {{ ratio('identified_store_receipts', 'store_receipts') }} as identified_store_receipt_share,
        customers * {{ expected | length }} as expected_attributes,
        filled_attributes,
        {{ ratio('filled_attributes', 'customers * ' ~ expected | length) }} as profile_completeness,
        told_attributes,
        {{ ratio('told_attributes', 'customers * ' ~ expected | length) }} as own_profile_completeness
    from summed
)

select * from final
