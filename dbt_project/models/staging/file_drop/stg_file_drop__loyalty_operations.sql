with

operations_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, operation_id order by file_modified_at desc, file_name desc, line_number desc
        ) as operation_age
    from ({{ live_documents('file_drop', 'loyalty_operations') }}) as documents
),

accounts as (
    select * from {{ ref('stg_file_drop__loyalty_accounts') }}
)

select
    operations_ranked.source_system,
    operations_ranked.source_account,
    operations_ranked.operation_id as source_record_id,
    operations_ranked.account_id as loyalty_account_record_id,
    accounts.profile_record_id,
    lower(operations_ranked.operation_type) as operation_type,
    lower(operations_ranked.cancels_type) as cancels_type,
    operations_ranked.points,
    coalesce(operations_ranked.available_on > {{ as_of_date() }}, false) as is_pending,
    operations_ranked.available_on,
    operations_ranked.occurred_at,
    operations_ranked.order_number
from operations_ranked
left join accounts
    on operations_ranked.source_account = accounts.source_account
        and operations_ranked.account_id = accounts.source_record_id
where operations_ranked.operation_age = 1
