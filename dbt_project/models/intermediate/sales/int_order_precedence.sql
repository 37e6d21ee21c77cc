-- The seed field_precedence turned on its side for orders: whom to believe about what; one row per source system.
{{ config(materialized='view') }}

{% set facts = [
    'record', 'customer', 'number', 'brand', 'ordered_at', 'sales_channel', 'status', 'fulfilment', 'payment_method',
    'store', 'employee', 'delivery', 'amounts', 'points',
] %}

{{ fact_ranks('orders', facts) }}
