{{ verdicts('wildberries', ['orders', 'sales', 'settlements', 'reports', 'stock']) }}
