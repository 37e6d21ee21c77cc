select
    return_id,
    source_system,
    source_account,
    source_record_id,
    order_id,
    customer_id,
    returned_at,
    returned_on,
    amount,
    return_channel,
    return_store_id,
    reason,
    evidence,
    is_counted
from {{ ref('int_returns') }}
