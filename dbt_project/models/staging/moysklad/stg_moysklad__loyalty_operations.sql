-- The bonus ledger's operations, signed. What is booked for a return takes back what its sale earned or redeemed, so it
-- cancels; a cancelled operation moves nothing, and one that is not posted is none yet. A shipment or a return stands for the sale behind
-- it (stg_moysklad__purchases). The operation's external code is the key under which a mirrored ledger may know it. One row per operation.
with

bonus_transactions as (
    {{ live_documents('moysklad', 'bonus_transactions') }}
),

purchases as (
    select * from {{ ref('stg_moysklad__purchases') }}
),

typed as (
    select
        *,
        {{ last_segment('parent_href') }} as parent_id,
        coalesce(parent_type in ('retailsalesreturn', 'salesreturn'), false) as is_of_return,
        coalesce(transaction_status = 'CANCELED', false) as is_void
    from bonus_transactions
    where coalesce(is_applicable, true)
),

final as (
    select
        typed.source_system,
        typed.source_account,
        typed.bonus_transaction_id as source_record_id,
        {{ last_segment('typed.agent_href') }} as loyalty_account_record_id,
        {{ last_segment('typed.agent_href') }} as profile_record_id,
        case
            when typed.is_of_return or typed.is_void then 'cancelled'
            when typed.transaction_type = 'EARNING' then 'earned'
            when typed.transaction_type = 'SPENDING' then 'redeemed'
            else 'adjusted'
        end as operation_type,
        case
            when typed.is_void and typed.transaction_type = 'EARNING' then 'earned'
            when typed.is_void then 'redeemed'
            when typed.is_of_return and typed.transaction_type = 'EARNING' then 'redeemed'
            when typed.is_of_return then 'earned'
        end as cancels_type,
        cast(
            case
                when typed.is_void then 0
                when typed.transaction_type = 'SPENDING' then -typed.bonus_value
                else typed.bonus_value
            end as double
        ) as points,
        coalesce(typed.transaction_status = 'WAIT_PROCESSING', false) as is_pending,
        typed.execution_on as available_on,
        coalesce(typed.moment, typed.created_at) as occurred_at,
        case when typed.is_of_return then purchases.order_record_id else coalesce(purchases.order_record_id, typed.parent_id) end
            as order_record_id,
        typed.external_code as mirror_key
    from typed
    left join purchases
        on typed.source_account = purchases.source_account
            and typed.parent_type = purchases.vendor_kind
            and typed.parent_id = purchases.source_record_id
)

select * from final
