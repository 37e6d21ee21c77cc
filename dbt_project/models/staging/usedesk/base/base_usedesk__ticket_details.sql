{% set comments = [
    ('comment_id',  'id',           'text',  'required'),
    ('author_type', 'from',         'text',  ''),
    ('agent_id',    'user_id',      'text',  ''),
    ('visibility',  'type',         'text',  ''),
    ('written_at',  'published_at', 'local', 'required'),
] %}
{% set changes = [
    ('change_id',  'id',         'text',  'required'),
    ('agent_id',   'user_id',    'text',  ''),
    ('trigger_id', 'trigger_id', 'text',  ''),
    ('old_status', 'old_status', 'text',  ''),
    ('new_status', 'new_status', 'text',  ''),
    ('changed_at', 'changed_at', 'local', 'required'),
] %}
{% set contract = [
    ('ticket_id',       'ticket.id',       'text', 'required'),
    ('sla_first_reply', 'sla.first_reply', 'text', ''),
    ('sla_close',       'sla.close',       'text', ''),
    ('comments',        'comments',        'rows', comments),
    ('changes',         'changes',         'rows', changes),
] %}
{{ staged_documents('usedesk', 'ticket_details', contract, zones=ref('base_usedesk__settings')) }}
