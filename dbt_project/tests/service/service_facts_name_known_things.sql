-- Every customer, order, employee and store that a ticket, a call or an answer names stands in its own table.
with facts as (
    select ticket_id as fact_id, customer_id, order_id, employee_id, cast(null as {{ dbt.type_string() }}) as store_id
    from {{ ref('tickets') }}
    union all
    select call_id as fact_id, customer_id, order_id, employee_id, store_id
    from {{ ref('calls') }}
    union all
    select answer_id as fact_id, customer_id, order_id, null as employee_id, store_id
    from {{ ref('survey_answers') }}
)

select facts.*
from facts
left join {{ ref('customer_360') }} as customers on facts.customer_id = customers.customer_id
left join {{ ref('orders') }} as orders on facts.order_id = orders.order_id
left join {{ ref('employees') }} as employees on facts.employee_id = employees.employee_id
left join {{ ref('stores') }} as stores on facts.store_id = stores.store_id
where (facts.customer_id is not null and customers.customer_id is null)
    or (facts.order_id is not null and orders.order_id is null)
    or (facts.employee_id is not null and employees.employee_id is null)
    or (facts.store_id is not null and stores.store_id is null)
