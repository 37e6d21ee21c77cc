select
    operation_id,
    source_system,
    source_account,
    customer_id,
    loyalty_account_id,
    operation_type,
    cancels_type,
    points,
    is_pending,
    available_on,
    effective_on,
    occurred_at,
    occurred_on,
    order_id,
    is_gift,
    cancels_operation_id
from {{ ref('int_loyalty_operations') }}
