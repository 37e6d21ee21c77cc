{#-
  From when until when somebody was a member: from the first enrolment of any of their accounts until the last of them was closed
  (left_on NULL: still; is_left_on_assumed: left by that day, nobody knows when). Employees and companies are no members. One row per
  customer; a member on a day is one with
    enrolled_on <= day and (left_on is null or left_on > day)
-#}
{% macro memberships() -%}
    select
        accounts.customer_id,
        min({{ business_date('accounts.enrolled_at') }}) as enrolled_on,
        case
            when count(case when accounts.closed_at is null then 1 end) = 0
                then max({{ business_date('accounts.closed_at') }})
        end as left_on,
        coalesce(max(case when accounts.is_closed_at_assumed then accounts.closed_at end) = max(accounts.closed_at), false)
            as is_left_on_assumed
    from {{ ref('loyalty_accounts') }} as accounts
    inner join {{ ref('int_customers') }} as customers on accounts.customer_id = customers.customer_id
    where accounts.enrolled_at is not null
        and (accounts.is_member or accounts.closed_at is not null)
        and not (customers.is_employee or customers.is_b2b)
    group by accounts.customer_id
{%- endmacro %}
