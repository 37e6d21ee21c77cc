{% set subscription = [
    ('brand', 'brand', 'text', ''),
    ('point_of_contact', 'pointOfContact', 'text', ''),
    ('topic', 'topic', 'text', ''),
    ('is_subscribed', 'isSubscribed', 'boolean', ''),
] %}
{% set product = [
    ('product_ids', 'product.ids', 'json', ''),
    ('quantity', 'count', 'number?', ''),
    ('price', 'pricePerItem', 'money?', ''),
] %}
{% set contract = [
    ('action_id', 'ids.mindboxId', 'text', 'required'),
    ('action_template', 'actionTemplate.ids.systemName', 'text', ''),
    ('happened_at', 'dateTimeUtc', 'utc', 'required'),
    ('created_at', 'creationDateTimeUtc', 'utc', ''),
    ('customer_id', 'customer.ids.mindboxId', 'text', 'required'),
    ('message_id', 'customerMessage.ids.id', 'text', ''),
    ('subscriptions', 'subscriptions', 'rows?', subscription),
    ('products', 'products', 'rows?', product),
] %}
{{ staged_documents('mindbox', 'customer_actions', contract) }}
