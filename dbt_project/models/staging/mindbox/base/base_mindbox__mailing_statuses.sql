{#- Half a million of these come from five thousand people: only what a reader of messages needs is taken out. -#}
{% set contract = [
    ('status_id', 'ids.id', 'text', 'required'),
    ('message_id', 'customerMessage.ids.id', 'text', 'required'),
    ('mailing_id', 'mailing.ids.id', 'text', ''),
    ('channel', 'mailing.channel.ids.systemName', 'text', ''),
    ('brand', 'mailing.brand.ids.systemName', 'text', ''),
    ('status', 'mailingStatus.ids.systemName', 'text', 'required'),
    ('not_delivered_reason', 'mailing.notDeliveredReason.ids.systemName', 'text', ''),
    ('happened_at', 'dateTimeUtc', 'utc', 'required'),
    ('customer_id', 'customer.ids.mindboxId', 'text', ''),
] %}
{{ staged_documents('mindbox', 'mailing_statuses', contract) }}
