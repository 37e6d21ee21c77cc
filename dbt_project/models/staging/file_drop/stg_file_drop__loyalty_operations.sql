-- Movements of points. Points that are given back because they expired wrongly belong to an expiry that the dump tells of before; where it
-- tells of none, they are points added by hand. One row per movement.
with

operations_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, operation_id order by file_modified_at desc, file_name desc, line_number desc
        ) as operation_age
    from ({{ live_documents('file_drop', 'loyalty_operations') }}) as documents
),

operations as (
    select
        *,
        min(case when lower(operation_type) = 'expired' then occurred_at end) over (
            partition by source_account, account_id
        ) as expired_since
    from operations_ranked
    where operation_age = 1
),

accounts as (
    select * from {{ ref('stg_file_drop__loyalty_accounts') }}
)

select
    operations.source_system,
    operations.source_account,
    operations.operation_id as source_record_id,
    operations.account_id as loyalty_account_record_id,
    accounts.profile_record_id,
    lower(operations.operation_type) as operation_type,
    case
        when lower(operations.cancels_type) <> 'expired' or operations.occurred_at >= operations.expired_since
            then lower(operations.cancels_type)
    end as cancels_type,
    operations.points,
    coalesce(operations.available_on > {{ as_of_date() }}, false) as is_pending,
    operations.available_on,
    operations.occurred_at,
    operations.order_number
from operations
left join accounts
    on operations.source_account = accounts.source_account
        and operations.account_id = accounts.source_record_id
