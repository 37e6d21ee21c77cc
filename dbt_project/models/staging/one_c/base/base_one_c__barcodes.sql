{% set contract = [
    ('barcode', 'Штрихкод',         'text', 'required'),
    ('item_id', 'Номенклатура_Key', 'uuid', 'required'),
] %}
{{ staged_documents('one_c', 'barcodes', contract) }}
