-- Participations. The vendor tells no date of leaving: an account left at the first contact that saw it inactive for good, at the latest.
-- All are asked for once a week (setting accounts_sweep_days), so that is right to a week, but for those that were inactive when they
-- were first seen, of which nobody knows more than that it was before (is_closed_at_assumed). Who never confirmed did not leave.
-- One row per loyalty account.
{% set status -%}
case
            when status = 'activated' then 'active'
            when status = 'deactivated' then 'inactive'
            when status = 'not_confirmed' then 'not_confirmed'
            -- Some lists carry only the flag.
            when is_active then 'active'
            when activated_at is null then 'not_confirmed'
            else 'inactive'
        end
{%- endset %}
with

accounts as (
    {{ live_documents('retailcrm', 'loyalty_accounts') }}
),

versions as (
    select
        source_account,
        document_key,
        version_at,
        {{ status }} as status
    from {{ ref('base_retailcrm__loyalty_account_versions') }}
    where is_accepted
),

last_open as (
    select
        source_account,
        document_key,
        max(case when status <> 'inactive' then version_at end) as version_at
    from versions
    group by source_account, document_key
),

exits as (
    select
        versions.source_account,
        versions.document_key,
        min(versions.version_at) as closed_at,
        coalesce(min(last_open.version_at) is null, false) as is_closed_at_assumed
    from versions
    inner join last_open
        on versions.source_account = last_open.source_account
            and versions.document_key = last_open.document_key
            and (last_open.version_at is null or versions.version_at > last_open.version_at)
    where versions.status = 'inactive'
    group by versions.source_account, versions.document_key
),

stated as (
    select
        *,
        {{ status }} as account_status
    from accounts
),

final as (
    select
        stated.source_system,
        stated.source_account,
        stated.account_id as source_record_id,
        stated.customer_id as profile_record_id,
        stated.programme_id as programme_record_id,
        stated.card_number,
        stated.phone,
        stated.account_status as status,
        stated.created_at as enrolled_at,
        exits.closed_at,
        exits.is_closed_at_assumed,
        stated.balance as vendor_balance
    from stated
    left join exits
        on stated.source_account = exits.source_account
            and stated.document_key = exits.document_key
            and stated.account_status = 'inactive'
            and stated.activated_at is not null
)

select * from final
