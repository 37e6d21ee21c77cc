{% set tag = [
    ('tag_name', 'name', 'text', ''),
] %}
{% set contract = [
    ('mailing_id', 'ids.id', 'text', 'required'),
    ('system_name', 'ids.systemName', 'text', ''),
    ('mailing_name', 'name', 'text', ''),
    ('mailing_type', 'type', 'text', ''),
    ('channel', 'channel', 'text', ''),
    ('created_at', 'creationDateTimeUtc', 'utc', 'required'),
    ('changed_at', 'lastChangedDateTimeUtc', 'utc', ''),
    ('topic', 'subscriptionTopic.ids.externalId', 'text', ''),
    ('brand', 'brand.ids.systemName', 'text', ''),
    ('utm_source', 'utm.utmSource', 'text', ''),
    ('utm_medium', 'utm.utmMedium', 'text', ''),
    ('utm_campaign', 'utm.utmCampaign', 'text', ''),
    ('tags', 'tags', 'rows?', tag),
] %}
{{ staged_documents('mindbox', 'mailings', contract) }}
