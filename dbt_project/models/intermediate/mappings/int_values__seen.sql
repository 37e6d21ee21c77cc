-- Every raw value that the seed value_mappings should translate, counted; one row per system, account, resource, field
-- and value. What a vendor's staging had to translate itself comes as its own list.
{{ config(materialized='view') }}

{% set mapped_fields = [
    ('int_orders__united',   'orders',   'order_status',      'raw_status'),
    ('int_orders__united',   'orders',   'sales_channel',     'raw_order_method'),
    ('int_orders__united',   'orders',   'fulfilment_method', 'raw_fulfilment'),
    ('int_orders__united',   'orders',   'payment_method',    'raw_payment_type'),
    ('int_orders__united',   'orders',   'currency',          'currency'),
    ('int_payments__united', 'payments', 'payment_method',    'raw_payment_type'),
    ('int_returns__united',  'returns',  'return_channel',    'raw_return_channel'),
    ('int_returns__united',  'returns',  'currency',          'currency'),
    ('int_channel_costs__united', 'channel_costs', 'cost_channel', 'raw_channel'),
    ('int_channel_costs__united', 'channel_costs', 'currency', 'currency'),
    ('int_sessions__united', 'sessions', 'device',            'raw_device'),
    ('int_tickets__united', 'tickets', 'ticket_channel', 'raw_channel'),
    ('int_tickets__united', 'tickets', 'ticket_type', 'raw_type'),
    ('int_tickets__united', 'tickets', 'ticket_priority', 'raw_priority'),
    ('int_tickets__united', 'tickets', 'ticket_status', 'raw_status'),
    ('int_ticket_events__united', 'ticket_events', 'ticket_status', 'raw_status'),
    ('int_calls__united', 'calls', 'call_result', 'raw_result'),
    ('int_survey_answers__united', 'survey_answers', 'survey_channel', 'raw_channel'),
] %}

{% set staged_lists = [
    'stg_mindbox__seen_values',
    'stg_file_drop__seen_values',
    'stg_usedesk__seen_values',
    'stg_wildberries__seen_values',
    'stg_abm_loyalty__seen_values',
] %}

{%- for model, resource, field, column in mapped_fields %}
select
    source_system,
    source_account,
    cast('{{ resource }}' as {{ dbt.type_string() }}) as resource,
    cast('{{ field }}' as {{ dbt.type_string() }}) as field,
    {{ column }} as raw_value,
    count(*) as records
from {{ ref(model) }}
where {{ column }} is not null
group by source_system, source_account, {{ column }}
{{ 'union all' if not loop.last }}
{%- endfor %}

{%- for staged in staged_lists %}
union all

select
    source_system,
    source_account,
    resource,
    field,
    raw_value,
    records
from {{ ref(staged) }}
{%- endfor %}

union all

-- A word for a source is translated by value_mappings, but the mark on the link goes before it (traffic_rules); what neither
-- knows is shown, a marked one as source / utm_medium / utm_source.
select
    source_system,
    source_account,
    resource,
    cast('traffic_source' as {{ dbt.type_string() }}) as field,
    raw_value,
    records
from {{ ref('int_traffic_channels') }}
where not is_mapped
