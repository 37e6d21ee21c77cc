{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
select
    source_system,
    source_account,
    resource,
    {{ without_card('document_key', 'document_key') }} as document_key,
    version_at,
    load_id,
    loaded_at
from (
    {{ lake_receipts('abm_loyalty', ['settings', 'accounts', 'operations', 'answers']) }}
) as receipts
