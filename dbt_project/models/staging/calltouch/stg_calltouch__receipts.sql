{{ lake_receipts('calltouch', ['settings', 'calls', 'leads']) }}
