with

-- Two lines of one file with the same store and hour are two doors. Of two files with it the newest counts: the same
-- hour in a second file is a longer export of the same counter more often than a second counter, and stg_file_drop__told_twice warns.
files_ranked as (
    select
        *,
        rank() over (
            partition by source_account, store_code, counted_at order by file_modified_at desc, file_name desc
        ) as file_age
    from ({{ live_documents('file_drop', 'store_entrants') }}) as documents
)

select
    source_system,
    source_account,
    document_key as source_record_id,
    store_code as store_reference,
    counted_at,
    entrants
from files_ranked
where file_age = 1
