{{ verdicts('retailcrm', [
    'settings', 'references', 'stores', 'segments', 'loyalties', 'customers', 'customers_corporate', 'customer_merges',
    'orders', 'order_history', 'products', 'loyalty_accounts', 'bonus_operations',
]) }}
