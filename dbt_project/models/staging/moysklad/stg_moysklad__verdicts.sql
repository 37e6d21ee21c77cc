{{ verdicts('moysklad', [
    'counterparties', 'products', 'retail_demands', 'customer_orders', 'demands', 'retail_sales_returns', 'sales_returns',
    'bonus_transactions', 'product_folders', 'retail_stores', 'stores', 'employees', 'bonus_programs', 'currencies', 'stock',
]) }}
