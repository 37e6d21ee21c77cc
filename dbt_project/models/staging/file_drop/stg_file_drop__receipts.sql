{% set resources = [
    'channel_costs', 'survey_answers', 'store_entrants', 'wifi_visits', 'event_visits', 'app_sessions', 'messages', 'promotions',
    'loyalty_accounts', 'loyalty_operations', 'strays', 'settings',
] %}
{{ lake_receipts('file_drop', resources) }}
