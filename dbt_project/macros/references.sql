{#-
  Whom and what a vendor means when it names a store, an employee or an order in its own words: a record id, a code, a name,
  an e-mail, an extension, a number.
    select {{ referenced_id('store') }} as store_id
    from calls
    {{ referenced('store', 'calls.source_system', 'calls.store_reference') }}
  Text that could mean two of them means none.
-#}

{#- How references are compared: small letters, no blanks around, no number sign before. -#}
{% macro reference_key(text) -%}
    {{ return("nullif(trim(replace(replace(lower(" ~ text ~ "), '№', ''), '#', '')), '')") }}
{%- endmacro %}

{#- The joins; `thing` is store or employee. The vendor's own word for it goes before what the word means elsewhere. -#}
{% macro referenced(thing, source_system, reference, as_=none) -%}
    {%- set alias = as_ or thing -%}
    {%- set source_account = source_system.replace('source_system', 'source_account') -%}
    left join {{ ref('int_' ~ thing ~ '_references') }} as {{ alias }}_of_own
        on {{ source_system }} = {{ alias }}_of_own.source_system
            and {{ source_account }} = {{ alias }}_of_own.source_account
            and {{ reference_key(reference) }} = {{ alias }}_of_own.reference
    left join {{ ref('int_' ~ thing ~ '_references') }} as {{ alias }}_of_any
        on {{ alias }}_of_any.source_system = '*'
            and {{ reference_key(reference) }} = {{ alias }}_of_any.reference
{%- endmacro %}

{% macro referenced_id(thing, as_=none) -%}
    {%- set alias = as_ or thing -%}
    {{ return("coalesce(" ~ alias ~ "_of_own." ~ thing ~ "_id, " ~ alias ~ "_of_any." ~ thing ~ "_id)") }}
{%- endmacro %}

{#- The rows of int_store_references and int_employee_references. `columns` are what a record is called by others. -#}
{% macro references_of(thing, entity, columns) -%}
with records as (
    select * from {{ ref('int_' ~ thing ~ '_records') }}
),

own as (
    select
        crosswalk.source_system,
        crosswalk.source_account,
        {{ reference_key('crosswalk.source_record_id') }} as reference,
        records.{{ thing }}_id,
        0 as weakness
    from {{ ref('crosswalk') }} as crosswalk
    inner join records
        on crosswalk.same_as_system || ':' || crosswalk.same_as_account || ':' || crosswalk.same_as_record_id = records.record_key
    where crosswalk.entity = '{{ entity }}'

    union all

    select source_system, source_account, {{ reference_key('source_record_id') }} as reference, {{ thing }}_id, 1 as weakness
    from records
),

own_first as (
    select
        own.*,
        row_number() over (partition by source_system, source_account, reference order by weakness, {{ thing }}_id) as choice
    from own
    where reference is not null
),

called as (
    select {{ reference_key("record_key") }} as reference, {{ thing }}_id from records
    {%- for column in columns %}
    union all
    select {{ reference_key(column) }} as reference, {{ thing }}_id from records where not is_only_mentioned
    {%- endfor %}
),

final as (
    select source_system, source_account, reference, {{ thing }}_id
    from own_first
    where choice = 1

    union all

    select '*' as source_system, '*' as source_account, reference, min({{ thing }}_id) as {{ thing }}_id
    from called
    where reference is not null
    group by reference
    having count(distinct {{ thing }}_id) = 1
)

select * from final
{%- endmacro %}

{#-
  The order that a fact names by `reference`: the only one called so, else the only one of them that is its customer's.
  `facts`: a CTE with the columns key, reference and customer. Gives key, order_id; one row per fact that names any order.
-#}
{% macro orders_named(facts, key, reference, customer) -%}
select
    {{ facts }}.{{ key }},
    case
        when count(distinct orders_called.order_id) = 1 then min(orders_called.order_id)
        when count(distinct case when orders_called.customer_id = {{ facts }}.{{ customer }} then orders_called.order_id end) = 1
            then min(case when orders_called.customer_id = {{ facts }}.{{ customer }} then orders_called.order_id end)
    end as order_id
from {{ facts }}
inner join {{ ref('int_order_references') }} as orders_called
    on {{ reference_key(facts ~ '.' ~ reference) }} = orders_called.reference
group by {{ facts }}.{{ key }}
{%- endmacro %}
