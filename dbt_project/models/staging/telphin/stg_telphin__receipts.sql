{{ lake_receipts('telphin', ['calls', 'extensions']) }}
