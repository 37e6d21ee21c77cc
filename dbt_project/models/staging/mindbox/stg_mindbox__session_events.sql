{{ config(materialized='table') }}

{% set product = [
    ('product_ids', 'product.ids', 'json', ''),
    ('quantity', 'count', 'number?', ''),
    ('price', 'pricePerItem', 'money?', ''),
] %}
with

actions as (
    {{ live_documents('mindbox', 'customer_actions') }}
),

mapped_actions as (
    select
        actions.source_system,
        actions.source_account,
        actions.action_id,
        actions.customer_id,
        actions.happened_at,
        coalesce(actions.created_at, actions.happened_at) as recorded_at,
        actions.products,
        actions.local_time_zone,
        {{ mapped_value('session_event') }} as event
    from actions
    {{ mapped('session_event', 'actions.source_system', 'actions.action_template') }}
),

done as (
    select * from mapped_actions
    where event in ('page_view', 'product_view', 'cart_add', 'cart_remove', 'checkout', 'purchase', 'goal', 'login')
),

spaced as (
    select
        *,
        lag(happened_at) over (partition by source_account, customer_id order by happened_at, recorded_at, action_id) as before_it
    from done
),

numbered as (
    select
        *,
        sum(case when happened_at <= before_it + interval '30 minutes' then 0 else 1 end) over (
            partition by source_account, customer_id
            order by happened_at, recorded_at, action_id
            rows between unbounded preceding and current row
        ) as session_number
    from spaced
),

named as (
    -- By the action that was recorded first: an action that is told late, of an earlier minute, leaves the name as it was.
    select
        *,
        first_value(action_id) over (
            partition by source_account, customer_id, session_number
            order by recorded_at, length(action_id), action_id
            rows between unbounded preceding and current row
        ) as session_record_id
    from numbered
),

goods as (
    select
        p.source_account,
        p.action_id,
        e.element_number,
        {{ json_text('e.product_ids', var('mindbox_product_namespace', 'website')) }} as product_reference,
        e.quantity,
        e.price
    from {{ child_rows('named', 'products', product) }}
)

select
    named.source_system,
    named.source_account,
    case
        when coalesce(goods.element_number, 1) = 1 then named.action_id
        else named.action_id || ':' || goods.element_number
    end as source_record_id,
    named.session_record_id,
    'app' as session_kind,
    named.customer_id as profile_record_id,
    named.event,
    named.happened_at,
    goods.product_reference,
    goods.quantity,
    cast(goods.quantity * goods.price as decimal(18, 2)) as amount
from named
left join goods
    on
        named.source_account = goods.source_account
        and named.action_id = goods.action_id
