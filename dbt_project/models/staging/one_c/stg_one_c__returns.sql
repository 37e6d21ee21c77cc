-- Returns at tills and of customer orders; one that is not posted or marked for deletion did not take place. A return may name a
-- receipt that is no longer there, or none. Its number is no evidence: it repeats from year to year and from kind to kind, and 1C keeps
-- no other system's. One row per return.
with

till_returns as (
    {{ live_documents('one_c', 'receipt_returns') }}
),

order_returns as (
    {{ live_documents('one_c', 'customer_returns') }}
),

tills as (
    {{ live_documents('one_c', 'tills') }}
),

profiles as (
    select * from {{ ref('stg_one_c__profiles') }}
),

together as (
    select
        till_returns.source_system,
        till_returns.source_account,
        till_returns.receipt_return_id as source_record_id,
        till_returns.receipt_id as order_record_id,
        till_returns.partner_id,
        till_returns.returned_at,
        till_returns.amount,
        'ЧекККМВозврат' as raw_return_channel,
        coalesce(till_returns.store_id, tills.store_id) as store_record_id,
        till_returns.cashier_id as employee_record_id,
        till_returns.reason,
        {{ fiscal_key('till_returns.fiscal_drive', 'till_returns.fiscal_document') }} as fiscal_key,
        till_returns.is_posted,
        till_returns.is_deleted
    from till_returns
    left join tills
        on till_returns.source_account = tills.source_account
            and till_returns.till_id = tills.till_id

    union all

    select
        source_system,
        source_account,
        customer_return_id as source_record_id,
        customer_order_id as order_record_id,
        partner_id,
        returned_at,
        amount,
        'ВозвратТоваровОтКлиента' as raw_return_channel,
        cast(null as {{ dbt.type_string() }}) as store_record_id,
        cast(null as {{ dbt.type_string() }}) as employee_record_id,
        reason,
        cast(null as {{ dbt.type_string() }}) as fiscal_key,
        is_posted,
        is_deleted
    from order_returns
),

final as (
    select
        together.source_system,
        together.source_account,
        together.source_record_id,
        together.order_record_id,
        profiles.source_record_id as profile_record_id,
        together.returned_at,
        together.amount,
        together.raw_return_channel,
        together.store_record_id,
        together.employee_record_id,
        together.reason,
        together.fiscal_key
    from together
    left join profiles
        on together.source_account = profiles.source_account
            and together.partner_id = profiles.source_record_id
    where together.is_posted and not coalesce(together.is_deleted, false)
)

select * from final
