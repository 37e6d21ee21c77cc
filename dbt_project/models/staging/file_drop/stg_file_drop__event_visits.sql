with

-- Lines of one file without e-mail and phone are people nobody knows, each for themselves; of two files the newest wins.
files_ranked as (
    select
        *,
        rank() over (
            partition by source_account, event_name, attended_at, email, phone
            order by file_modified_at desc, file_name desc
        ) as file_age
    from ({{ live_documents('file_drop', 'event_visits') }}) as documents
)

select
    source_system,
    source_account,
    document_key as source_record_id,
    event_name,
    store_code as store_reference,
    attended_at,
    email as contact_email,
    phone as contact_phone
from files_ranked
where file_age = 1
