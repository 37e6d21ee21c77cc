{% set contract = [
    ('nm_id', 'nmId', 'text', 'required'),
    ('size_id', 'chrtId', 'text', ''),
    ('warehouse_id', 'warehouseId', 'text', 'required'),
    ('warehouse_name', 'warehouseName', 'text', ''),
    ('region', 'regionName', 'text', ''),
    ('quantity', 'quantity', 'number', 'required'),
    ('in_way_to_client', 'inWayToClient', 'number?', ''),
    ('in_way_from_client', 'inWayFromClient', 'number?', ''),
] %}
{{ staged_documents('wildberries', 'stock', contract) }}
