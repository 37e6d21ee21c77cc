{% set subscription = [
    ('brand', 'brand', 'text', ''),
    ('point_of_contact', 'pointOfContact', 'text', ''),
    ('topic', 'topic', 'text', ''),
    ('is_subscribed', 'isSubscribed', 'boolean', ''),
    ('changed_at', 'changeDateTimeUtc', 'utc?', ''),
] %}
{% set card = [
    ('card_number', 'ids.number', 'text', ''),
] %}
{% set segmentation = [
    ('segmentation_code', 'segmentation.ids.externalId', 'text', ''),
    ('segment_code', 'segment.ids.externalId', 'text', ''),
    ('segment_name', 'segment.name', 'text', ''),
] %}
{#- Namespaces of `ids` are invented per project; the seed identifier_namespaces says whose ids they hold. -#}
{% set foreign_ids = [] %}
{% for namespace in var('mindbox_id_namespaces', ['crmId', 'websiteID']) %}
{% do foreign_ids.append(('id_in_' ~ namespace | lower, 'ids.' ~ namespace, 'text', '')) %}
{% endfor %}
{% set contract = [
    ('customer_id', 'ids.mindboxId', 'text', 'required'),
    ('first_name', 'firstName', 'text', ''),
    ('last_name', 'lastName', 'text', ''),
    ('middle_name', 'middleName', 'text', ''),
    ('email', 'email', 'text', ''),
    ('mobile_phone', 'mobilePhone', 'text', ''),
    ('birth_date', 'birthDate', 'date?', ''),
    ('sex', 'sex', 'text', ''),
    ('region', 'area.name', 'text', ''),
    ('changed_at', 'changeDateTimeUtc', 'utc', 'required'),
    ('custom_fields', 'customFields', 'json', ''),
    ('subscriptions', 'subscriptions', 'rows', subscription),
    ('segmentations', 'segmentations', 'rows?', segmentation),
    ('discount_cards', 'discountCards', 'rows?', card),
    ('last_card_number', 'lastActivatedCard.ids.number', 'text', ''),
] + foreign_ids %}
{{ staged_documents('mindbox', 'customers', contract) }}
