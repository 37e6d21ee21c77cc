with

statuses as (
    {{ live_documents('mindbox', 'mailing_statuses') }}
),

actions as (
    {{ live_documents('mindbox', 'customer_actions') }}
),

told as (
    select
        source_account,
        message_id,
        max(customer_id) as customer_id
    from statuses
    where customer_id is not null
    group by source_account, message_id
),

found as (
    select
        source_account,
        message_id,
        max(customer_id) as customer_id
    from actions
    where message_id is not null
    group by source_account, message_id
)

select
    coalesce(told.source_account, found.source_account) as source_account,
    coalesce(told.message_id, found.message_id) as message_id,
    coalesce(told.customer_id, found.customer_id) as customer_id,
    case when told.customer_id is not null then 'status' else 'action' end as told_by
from told
full outer join found
    on
        told.source_account = found.source_account
        and told.message_id = found.message_id
