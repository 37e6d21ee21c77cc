{{ verdicts('usedesk', [
    'settings', 'agents', 'tickets', 'ticket_details', 'clients', 'client_details', 'ratings',
]) }}
