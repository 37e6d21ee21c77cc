{% set tag = [
    ('tag_name', 'name', 'text', ''),
] %}
with

mailings as (
    {{ live_documents('mindbox', 'mailings') }}
),

tags as (
    select
        p.source_account,
        p.mailing_id,
        min(case when e.element_number = 1 then e.tag_name end) as first_tag
    from {{ child_rows('mailings', 'tags', tag) }}
    group by p.source_account, p.mailing_id
)

select
    mailings.source_system,
    mailings.source_account,
    mailings.mailing_id as source_record_id,
    mailings.mailing_name as name,
    mailings.system_name,
    {{ mapped_value('message_type') }} as message_type,
    case
        when mailings.mailing_type <> 'mass' then coalesce(tags.first_tag, mailings.mailing_name)
    end as trigger_name,
    {{ mapped_value('message_channel') }} as channel,
    mailings.topic,
    mailings.brand,
    mailings.created_at,
    mailings.utm_source,
    mailings.utm_medium,
    mailings.utm_campaign
from mailings
left join tags
    on
        mailings.source_account = tags.source_account
        and mailings.mailing_id = tags.mailing_id
{{ mapped('message_type', 'mailings.source_system', 'mailings.mailing_type') }}
{{ mapped('message_channel', 'mailings.source_system', 'mailings.channel') }}
