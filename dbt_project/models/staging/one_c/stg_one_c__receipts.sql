{{ lake_receipts('one_c', [
    'settings', 'items', 'item_keys', 'brands', 'barcodes', 'price_types', 'prices', 'stores', 'tills', 'cashiers', 'partners', 'cards',
    'receipts', 'receipt_returns', 'shift_reports', 'customer_orders', 'customer_returns', 'gift_card_sales', 'stock', 'sale_costs',
]) }}
