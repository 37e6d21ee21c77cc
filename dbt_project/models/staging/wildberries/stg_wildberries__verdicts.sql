{{ verdicts('wildberries', ['orders', 'sales', 'settlements', 'stock']) }}
