with sessions as (
    select * from {{ ref('sessions') }}
),

store_traffic as (
    select * from {{ ref('store_traffic') }}
),

wifi_visits as (
    select * from {{ ref('wifi_visits') }}
),

orders as (
    select
        *,
        case when sales_channel = 'marketplace' or order_kind = 'shift_report' then 0 else 1 end as knows_buyers
    from {{ ref('orders') }}
    where is_counted
),

-- The items of one questionnaire are one answer.
answer_items as (
    select
        survey_answers.*,
        row_number() over (
            partition by survey, channel, store_id, customer_id, answered_at, case when question is null then answer_id end
            order by answer_id
        ) as item
    from {{ ref('survey_answers') }} as survey_answers
),

answers as (
    select * from answer_items
    where item = 1
),

carts as (
    select * from {{ ref('int_carts') }}
),

customers as (
    select * from {{ ref('int_customers') }}
    where not is_employee and not is_b2b
),

{#- One row per fact, with what it adds to each column; a column that a stage does not have stays NULL there. The customer is
    None where nobody can be known (nor is one of an order of a marketplace or of the sums of a shift), and '' where the stage counts people by another fact (orders, not the visit they came by). -#}
{% set parts = [
    ('sessions', 'acquisition', 'session_kind', 'started_on', 'customer_id', 'true', {'sessions': '1'}),
    ('store_traffic', 'acquisition', "'store'", 'counted_on', none, 'true', {'entrants': 'entrants'}),
    ('sessions', 'choice', 'session_kind', 'started_on', 'customer_id', 'viewed_product',
        {'sessions': '1', 'product_views': 'product_views'}),
    ('wifi_visits', 'choice', "'store'", 'entered_on', 'customer_id', 'true', {'wifi_visits': '1'}),
    ('carts inner join customers on carts.customer_id = customers.customer_id', 'choice', 'carts.channel', 'carts.cart_on', '', 'true', {
        'carts': '1',
        'abandoned_carts': 'case when is_abandoned then 1 else 0 end',
        'recovery_due_carts': 'case when is_abandoned and is_recovered is not null then 1 else 0 end',
        'recovered_carts': 'case when is_recovered then 1 when not is_recovered then 0 end',
        'recovered_by_email': "case when is_recovered and recovered_by_channel = 'email' then 1 when is_recovered is not null then 0 end",
        'recovered_by_push': "case when is_recovered and recovered_by_channel = 'push' then 1 when is_recovered is not null then 0 end",
        'recovered_by_sms': "case when is_recovered and recovered_by_channel = 'sms' then 1 when is_recovered is not null then 0 end",
        'recovered_by_messenger': "case when is_recovered and recovered_by_channel = 'messenger' then 1 when is_recovered is not null then 0 end",
        'recovered_without_message': "case when is_recovered and recovered_by_channel is null then 1 when is_recovered is not null then 0 end",
    }),
    ('sessions', 'purchase', 'session_kind', 'started_on', '', 'purchased', {'sessions': '1'}),
    ('orders', 'purchase', 'sales_channel', 'ordered_on', 'customer_id', 'true', {'orders': 'receipts_count'}),
    ('orders', 'receipt', 'fulfilment_method', 'handed_over_on', 'customer_id', 'handed_over_on is not null', {'orders': 'receipts_count'}),
    ('answers', 'feedback', 'channel', 'answered_on', 'customer_id', 'true', {'answers': '1'}),
] -%}
{%- set counts = ['sessions', 'entrants', 'product_views', 'wifi_visits', 'carts', 'abandoned_carts', 'recovery_due_carts',
    'recovered_carts', 'recovered_by_email', 'recovered_by_push', 'recovered_by_sms', 'recovered_by_messenger', 'recovered_without_message',
    'orders', 'answers'] %}

facts as (
    {%- for source, stage, channel, day, customer, condition, adds in parts %}
    select
        {{ day }} as day,
        '{{ stage }}' as stage,
        {{ channel }} as channel,
        cast({{ customer or 'null' }} as {{ dbt.type_string() }}) as customer_id,
        {%- for count in counts %}
        cast({{ adds.get(count, 'null') }} as integer) as {{ count }},
        {%- endfor %}
        {{ 0 if customer is none else 'knows_buyers' if source == 'orders' else 1 }} as knows_customers
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        facts.day,
        facts.stage,
        facts.channel,
        case when max(facts.knows_customers) = 1 then count(distinct customers.customer_id) end as customers,
        {%- for count in counts %}
        cast(sum(facts.{{ count }}) as {{ dbt.type_bigint() }}) as {{ count }},
        {%- endfor %}
        {{ ratio('sum(facts.recovered_carts)', 'sum(facts.recovery_due_carts)') }} as recovered_cart_share
    from facts
    left join customers on facts.customer_id = customers.customer_id
    where facts.day is not null
    group by facts.day, facts.stage, facts.channel
)

select * from final
