-- What a phone number is in E.164 (NULL: none can be read), for every spelling that facts name: callers, requests, tickets,
-- answers, guests and evidence of a device. Apart from int_phone_numbers, since facts have no say in who is one person; a
-- spelling is parsed once in its life. One row per spelling.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

{% set written_in = [
    ('int_calls__united',           'customer_phone',   'true'),
    ('int_leads__united',           'contact_phone',    'true'),
    ('int_tickets__united',         'contact_phone',    'true'),
    ('int_survey_answers__united',  'contact_phone',    'true'),
    ('int_event_visits__united',    'contact_phone',    'true'),
    ('int_device_evidence__united', 'identifier_value', "identifier_type = 'phone'"),
    ('int_message_events',          'contact_point',    "channel in ('sms', 'messenger') and profile_record_id is null"),
] %}

with spellings as (
    {%- for model, column, condition in written_in %}
    select {{ column }} as written
    from {{ ref(model) }}
    where {{ column }} is not null and {{ condition }}
    {{ 'union' if not loop.last }}
    {%- endfor %}
),

final as (
    {{ phones_read_once() }}
)

select * from final
