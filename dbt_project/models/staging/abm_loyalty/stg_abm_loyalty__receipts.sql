{{ lake_receipts('abm_loyalty', ['settings', 'accounts', 'operations', 'answers']) }}
