-- A line has no id, and one without e-mail and phone is somebody nobody knows: every line of every file counts.
select
    source_system,
    source_account,
    document_key as source_record_id,
    event_name,
    store_code as store_reference,
    attended_at,
    email as contact_email,
    phone as contact_phone
from ({{ live_documents('file_drop', 'event_visits') }}) as documents
