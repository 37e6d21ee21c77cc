-- How whole the picture of a person is, day by day. Stocks as of the end of the day: a vendor record counts from the day it was made;
-- where its system does not date that, from the first day on which that system shows the record or its customer at all (a change, a
-- contact, a consent, an order, a message), else from when we first saw it. Who is one person, and what stands in a record, is as known
-- at the refresh: systems keep no history of either, so a merge found today also joins yesterday's records, and a field filled in later
-- counts from the day of its record (a contact from the day it is first dated). Records that a system shows no more are in no day.
-- Employees and companies are no people here, tests are no customers. Receipts are flows of the day and the retailer's, as in
-- kpi_sales_daily: counted orders and receipts, without marketplaces, whose buyers nobody can know, and sums of shifts.
-- The row `all` holds each person once; a system's row holds the people whom it knows.
{% set told = rule('identity.expected_attributes') %}
{% set expected = told if told is iterable else ['name'] %}
{% set of_records = {
    'name': "coalesce(full_name, trim(concat_ws(' ', last_name, first_name, middle_name)))",
    'sex': 'sex',
    'birth_date': 'cast(birth_date as ' ~ dbt.type_string() ~ ')',
    'city': 'city',
    'address': 'address',
    'acquisition_channel': 'acquisition_source',
} %}
{% set contact_told_on = 'greatest(dated.known_on, coalesce(' ~ business_date('told.first_seen_at') ~ ', dated.known_on))' %}
with profiles as (
    select
        profiles.*,
        registry.customer_id,
        registry.linked_at
    from {{ ref('int_profiles') }} as profiles
    inner join {{ ref('identity_registry') }} as registry on profiles.profile_id = registry.profile_id
    inner join {{ ref('int_customers') }} as customers on registry.customer_id = customers.customer_id
    where registry.is_present and not (customers.is_employee or customers.is_b2b)
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
),

orders as (
    select * from {{ ref('orders') }}
),

shown as (
    select profile_id, min(seen_at) as seen_at
    from (
        select profile_id, changed_at as seen_at from profiles
        union all
        select profile_id, coalesce(first_seen_at, last_seen_at) as seen_at from identifiers
        union all
        select profile_id, changed_at as seen_at from {{ ref('int_consents') }}
    ) as sights
    group by profile_id
),

met as (
    select customer_id, source_system, min(met_on) as met_on
    from (
        select orders.customer_id, records.source_system, orders.ordered_on as met_on
        from {{ ref('order_records') }} as records
        inner join orders on records.order_id = orders.order_id
        union all
        select customer_id, source_system, sent_on as met_on from {{ ref('messages') }}
    ) as meetings
    where customer_id is not null
    group by customer_id, source_system
),

dated as (
    select
        profiles.profile_id,
        profiles.customer_id,
        profiles.source_system,
        case
            when profiles.created_at is not null then {{ business_date('profiles.created_at') }}
            else coalesce(least({{ business_date('shown.seen_at') }}, met.met_on), {{ business_date('profiles.linked_at') }})
        end as known_on
    from profiles
    left join shown on profiles.profile_id = shown.profile_id
    left join met on profiles.customer_id = met.customer_id and profiles.source_system = met.source_system
),

claims as (
    {%- for attribute in expected %}
    select
        dated.customer_id,
        dated.source_system,
        '{{ attribute }}' as attribute,
        {{ 'dated.known_on' if attribute in of_records else contact_told_on }} as told_on
    from {{ 'profiles' if attribute in of_records else 'identifiers' }} as told
    inner join dated on told.profile_id = dated.profile_id
    where {{ "nullif(" ~ of_records[attribute] ~ ", '') is not null" if attribute in of_records
        else "told.identifier_type = '" ~ attribute ~ "' and told.rejected_because is null" }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
