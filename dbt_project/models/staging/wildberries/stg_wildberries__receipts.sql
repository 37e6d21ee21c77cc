{{ lake_receipts('wildberries', ['orders', 'sales', 'settlements', 'stock']) }}
