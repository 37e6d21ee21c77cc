-- Who holds points: the vendor keeps no accounts, so a counterparty is one with its first posted bonus operation, and joined then. One
-- that the vendor says has points and no operation tells of holds what nobody explains, and is no member. The balance is told as of when
-- the counterparty was asked for, which each night is whoever a bonus operation names. One row per counterparty with points or operations.
with

counterparties as (
    {{ live_documents('moysklad', 'counterparties') }}
),

first_operations as (
    select
        source_account,
        loyalty_account_record_id,
        min(occurred_at) as enrolled_at
    from {{ ref('stg_moysklad__loyalty_operations') }}
    group by source_account, loyalty_account_record_id
),

holders as (
    select
        source_account,
        loyalty_account_record_id
    from first_operations

    union

    select
        source_account,
        counterparty_id as loyalty_account_record_id
    from counterparties
    where bonus_points <> 0
),

final as (
    select
        'moysklad' as source_system,
        holders.source_account,
        holders.loyalty_account_record_id as source_record_id,
        holders.loyalty_account_record_id as profile_record_id,
        counterparties.discount_card_number as card_number,
        counterparties.phone,
        'active' as status,
        first_operations.enrolled_at,
        counterparties.bonus_points as vendor_balance,
        case when counterparties.bonus_points is not null then counterparties.version_at end as balance_told_at
    from holders
    left join first_operations
        on holders.source_account = first_operations.source_account
            and holders.loyalty_account_record_id = first_operations.loyalty_account_record_id
    left join counterparties
        on holders.source_account = counterparties.source_account
            and holders.loyalty_account_record_id = counterparties.counterparty_id
)

select * from final
