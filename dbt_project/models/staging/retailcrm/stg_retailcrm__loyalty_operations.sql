-- Movements of points. What takes points by its type (a charge, what burnt, a cancelled credit) goes out and a cancelled charge comes in,
-- whatever sign is written: the vendor documents the sign of charges alone. A credit moves its points as written, since one below zero may
-- take back what was credited too much, and so does a type that is not documented. One row per operation.
with

documents as (
    {{ live_documents('retailcrm', 'bonus_operations') }}
),

operations as (
    select
        source_system,
        source_account,
        document_key,
        account_id,
        bonus_type,
        occurred_at,
        available_on,
        order_id,
        case
            when bonus_type in ('charge_for_order', 'charge_manual', 'burn', 'cancel_of_credit') then 0 - abs(points)
            when bonus_type = 'cancel_of_charge' then abs(points)
            else points
        end as points
    from documents
),

accounts as (
    {{ live_documents('retailcrm', 'loyalty_accounts') }}
),

final as (
    select
        operations.source_system,
        operations.source_account,
        operations.document_key as source_record_id,
        operations.account_id as loyalty_account_record_id,
        accounts.customer_id as profile_record_id,
        case
            when operations.bonus_type in ('credit_for_order', 'credit_for_event') then 'earned'
            when operations.bonus_type = 'charge_for_order' then 'redeemed'
            when operations.bonus_type = 'burn' then 'expired'
            when operations.bonus_type in ('cancel_of_charge', 'cancel_of_credit') then 'cancelled'
            else 'adjusted'
        end as operation_type,
        case operations.bonus_type
            when 'cancel_of_charge' then 'redeemed'
            when 'cancel_of_credit' then 'earned'
        end as cancels_type,
        operations.points,
        operations.points > 0 and coalesce(operations.available_on > {{ as_of_date() }}, false) as is_pending,
        operations.available_on,
        operations.occurred_at,
        operations.order_id as order_record_id
    from operations
    left join accounts
        on operations.source_account = accounts.source_account
            and operations.account_id = accounts.account_id
)

select * from final
