{#-
  The order that a fact of the moment of ordering names by `reference`: the only one called so, else the only one of those
  that was placed within a day of it; systems count orders each for itself, so a bare number may be several.
  `facts`: a CTE with the columns key, reference and moment. Gives key, order_id, customer_id; one row per fact that names one.
-#}
{% macro orders_at(facts, key, reference, moment) -%}
select
    {{ facts }}.{{ key }},
    min(orders_called.order_id) as order_id,
    min(orders_called.customer_id) as customer_id
from {{ facts }}
inner join {{ ref('int_order_references') }} as orders_called
    on {{ reference_key(facts ~ '.' ~ reference) }} = orders_called.reference
left join {{ ref('int_orders') }} as orders_placed on orders_called.order_id = orders_placed.order_id
where orders_called.orders_count = 1
    or abs({{ dbt.datediff('orders_placed.ordered_at', facts ~ '.' ~ moment, 'hour') }}) <= 24
group by {{ facts }}.{{ key }}
having count(distinct orders_called.order_id) = 1
{%- endmacro %}
