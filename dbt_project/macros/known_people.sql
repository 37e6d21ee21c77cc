{#-
  The people a retailer knows, and since which day: the first that any system dates, of a profile, an order or a message; nothing
  dated, today. Employees and companies are no people here, tests are no customers. One row per customer; known on a day is who has
  known_on <= day.
-#}
{% macro known_people() -%}
    select
        customers.customer_id,
        coalesce(min(meetings.met_on), {{ as_of_date() }}) as known_on
    from {{ ref('int_customers') }} as customers
    left join (
        select customer_id, {{ business_date('first_seen_at') }} as met_on from {{ ref('int_customers') }}
        union all
        select customer_id, ordered_on as met_on from {{ ref('orders') }} where is_counted
        union all
        select customer_id, sent_on as met_on from {{ ref('messages') }}
    ) as meetings on customers.customer_id = meetings.customer_id
    where not (customers.is_employee or customers.is_b2b)
    group by customers.customer_id
{%- endmacro %}
