-- What was done in visits: page views, products and steps from hits, goals and purchases from visits. A table, since a hit's texts are
-- parsed and joined to its visit here. One row per hit and event, per reached goal and per purchase.
{{ config(materialized='table') }}
{% set action = [
    ('viewed', 'detail.products', 'json', ''),
    ('added', 'add.products', 'json', ''),
    ('removed', 'remove.products', 'json', ''),
    ('checkout', 'checkout', 'json', ''),
    ('order_number', 'purchase.actionField.id', 'text', ''),
    ('revenue', 'purchase.actionField.revenue', 'money?', ''),
] %}
{% set product = [
    ('product_id', 'id', 'text', ''),
    ('quantity', 'quantity', 'number?', ''),
    ('price', 'price', 'money?', ''),
] %}
{% set goal = [
    ('goal_id', 'id', 'text', ''),
    ('goal_name', 'name', 'text', ''),
] %}
with

days as (
    select source_account, exported_on, version_at
    from ({{ live_documents('yandex_metrica', 'exported_days') }}) as exported
    where source = 'hits'
),

broken as (
    select source_account, document_key, version_at
    from {{ ref('base_yandex_metrica__hits') }}
    where not is_accepted
),

counters as (
    {{ live_documents('yandex_metrica', 'counters') }}
),

visits as (
    select
        *,
        {{ tsv_list('watch_ids') }} as watches,
        {{ tsv_list('goal_ids') }} as goals,
        {{ tsv_list('goal_times') }} as times_of_goals,
        {{ tsv_list('goal_prices') }} as prices_of_goals,
        {{ tsv_list('purchase_ids') }} as purchases,
        {{ tsv_list('purchase_times') }} as times_of_purchases,
        {{ tsv_list('purchase_revenues') }} as revenues_of_purchases
    from {{ ref('stg_yandex_metrica__live_visits') }}
),

watched as (
    -- A hit counted into two visits belongs to the first.
    select visits.source_account, w.watch_id, min(visits.session_record_id) as session_record_id
    from visits
    {{ unnest('visits.watches', 'w', 'watch_id') }}
    group by visits.source_account, w.watch_id
),

hits as (
    select
        hits.source_system,
        hits.source_account,
        hits.watch_id,
        hits.client_id,
        hits.happened_at,
        hits.is_page_view,
        hits.local_time_zone,
        {{ tsv_text('hits.params') }} as params,
        case left(hits.ecommerce, 1)
            when '[' then {{ tsv_text('hits.ecommerce') }}
            when '{' then '[' || {{ tsv_text('hits.ecommerce') }} || ']'
        end as ecommerce,
        watched.session_record_id
    from ({{ live_documents('yandex_metrica', 'hits') }}) as hits
    left join days
        on
            hits.source_account = days.source_account
            and hits.happened_on = days.exported_on
    left join broken
        on
            hits.source_account = broken.source_account
            and hits.document_key = broken.document_key
    left join watched
        on
            hits.source_account = watched.source_account
            and hits.watch_id = watched.watch_id
    where
        days.version_at is null
        or hits.version_at >= days.version_at
        or broken.version_at >= days.version_at
),

commercial as (
    select * from hits
    where ecommerce is not null
),

actions as (
    select
        p.source_system, p.source_account, p.watch_id, p.client_id, p.happened_at, p.session_record_id, p.local_time_zone,
        e.element_number as action_number,
        e.viewed, e.added, e.removed, e.checkout, e.order_number, e.revenue
    from {{ child_rows('commercial', 'ecommerce', action) }}
),

steps as (
    {%- for event, column in [('product_view', 'viewed'), ('cart_add', 'added'), ('cart_remove', 'removed')] %}
    select
        p.source_system, p.source_account, p.watch_id, p.client_id, p.happened_at, p.session_record_id, p.action_number,
        e.element_number as product_number,
        '{{ event }}' as event,
        e.product_id as product_reference,
        coalesce(e.quantity, 1) as quantity,
        cast(e.price * coalesce(e.quantity, 1) as decimal(18, 2)) as amount
    from {{ child_rows('actions', column, product) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

goal_names as (
    select p.source_account, e.goal_id, min(e.goal_name) as goal_name
    from {{ child_rows('counters', 'goals', goal) }}
    group by p.source_account, e.goal_id
),

reached as (
    select
        p.source_system, p.source_account, p.session_record_id, p.client_id, p.started_at, e.element_number, e.goal_id, e.reached, e.price
    from {{ parallel_rows('visits', {'goal_id': 'goals', 'reached': 'times_of_goals', 'price': 'prices_of_goals'}) }}
    where e.goal_id is not null
),

bought as (
    select
        p.source_system, p.source_account, p.session_record_id, p.client_id, p.started_at, e.element_number, e.order_number, e.bought,
        e.revenue
    from {{ parallel_rows('visits', {'order_number': 'purchases', 'bought': 'times_of_purchases', 'revenue': 'revenues_of_purchases'}) }}
    where e.order_number is not null
),

known_purchases as (
    select distinct source_account, order_number from bought
),

events as (
    select
        source_system, source_account, watch_id || ':page_view' as source_record_id, session_record_id, client_id, 'page_view' as event,
        happened_at, cast(null as {{ dbt.type_string() }}) as product_reference, cast(null as {{ type_double() }}) as quantity,
        cast(null as decimal(18, 2)) as amount, cast(null as {{ dbt.type_string() }}) as order_number,
        cast(null as {{ dbt.type_string() }}) as goal, cast(null as {{ dbt.type_string() }}) as user_id
    from hits
    where is_page_view and ecommerce is null
    union all
    select
        source_system, source_account, watch_id || ':login' as source_record_id, session_record_id, client_id, 'login' as event,
        happened_at, null, null, null, null, null, {{ json_text('params', '__ym.user_id') }} as user_id
    from hits
    where instr(params, 'user_id') > 0 and {{ json_text('params', '__ym.user_id') }} <> ''
    union all
    select
        source_system, source_account,
        watch_id || ':' || event || ':' || action_number || ':' || product_number as source_record_id, session_record_id, client_id, event,
        happened_at, product_reference, quantity, amount, null, null, null
    from steps
    union all
    select
        source_system, source_account, watch_id || ':checkout:' || action_number as source_record_id, session_record_id, client_id,
        'checkout' as event, happened_at, null, null, null, null, null, null
    from actions
    where checkout is not null
    union all
    -- A purchase that no visit tells, because its hit found none or the visit was read before it ended.
    select
        actions.source_system, actions.source_account, actions.watch_id || ':purchase:' || actions.action_number as source_record_id,
        actions.session_record_id, actions.client_id, 'purchase' as event, actions.happened_at, null, null, actions.revenue,
        actions.order_number, null, null
    from actions
    left join known_purchases
        on
            actions.source_account = known_purchases.source_account
            and actions.order_number = known_purchases.order_number
    where actions.order_number is not null and known_purchases.order_number is null
    union all
    select
        source_system, source_account, session_record_id || ':purchase:' || element_number as source_record_id, session_record_id,
        client_id, 'purchase' as event, coalesce({{ kind_value('moscow', 'bought') }}, started_at) as happened_at, null, null,
        {{ kind_value('money', 'revenue') }} as amount, order_number, null, null
    from bought
    union all
    select
        reached.source_system, reached.source_account, reached.session_record_id || ':goal:' || reached.element_number as source_record_id,
        reached.session_record_id, reached.client_id, 'goal' as event,
        coalesce({{ kind_value('moscow', 'reached.reached') }}, reached.started_at) as happened_at, null, null,
        -- The value of a goal is written in thousandths; 0 says that it has none.
        nullif(cast({{ kind_value('number', 'reached.price') }} / 1000 as decimal(18, 2)), 0) as amount,
        null, coalesce(goal_names.goal_name, reached.goal_id) as goal, null
    from reached
    left join goal_names
        on
            reached.source_account = goal_names.source_account
            and reached.goal_id = goal_names.goal_id
)

select
    source_system,
    source_account,
    source_record_id,
    session_record_id,
    'web' as session_kind,
    client_id,
    event,
    happened_at,
    product_reference,
    quantity,
    amount,
    order_number,
    goal,
    user_id
from events
