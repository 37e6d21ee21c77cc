{{ verdicts('retailcrm', [
    'settings', 'references', 'stores', 'segments', 'loyalties', 'customers', 'customers_corporate', 'customer_merges',
    'orders', 'products', 'loyalty_accounts', 'bonus_operations',
]) }}
