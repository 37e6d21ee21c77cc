{% set events = [
    ('sent',         'sent_at'),
    ('delivered',    'delivered_at'),
    ('opened',       'opened_at'),
    ('clicked',      'clicked_at'),
    ('hard_bounced', 'failed_at'),
] %}
with

messages as (
    select * from {{ ref('stg_file_drop__messages') }}
)

{% for event, moment in events %}
select
    source_system,
    source_account,
    message_id || ':{{ event }}' as source_record_id,
    message_id as message_record_id,
    campaign_record_id,
    channel,
    '{{ event }}' as event,
    {{ moment }} as happened_at,
    recipient as contact_point,
    {{ 'failed_reason' if event == 'hard_bounced' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as raw_reason
from messages
where {{ moment }} is not null
{{ 'union all' if not loop.last }}
{% endfor %}
