{% set contract = [
    ('time_zone', 'timezone.value',         'text', ''),
    ('currency',  'default_currency.value', 'text', ''),
] %}
{{ staged_documents('retailcrm', 'settings', contract) }}
