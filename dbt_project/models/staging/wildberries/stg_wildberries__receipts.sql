{{ lake_receipts('wildberries', ['orders', 'sales', 'settlements', 'reports', 'stock']) }}
