{#-
  The orders that KPIs about people rest on: counted, with a known customer, placed by the day of the refresh; not those of
  employees and companies, and not a marketplace's, whose buyers are anonymous.
-#}
{% macro people_orders() -%}
    select orders.*
    from {{ ref('orders') }} as orders
    inner join {{ ref('int_customers') }} as customers on orders.customer_id = customers.customer_id
    where orders.is_counted
        and orders.channel_class <> 'marketplace'
        and orders.ordered_on <= {{ as_of_date() }}
        and not (orders.is_employee_purchase or orders.is_b2b or customers.is_employee or customers.is_b2b)
{%- endmacro %}
