-- Participations. The vendor has no date of leaving of his own. A retailer who keeps one puts it into the account's field left_on: who
-- is gone left on that day. Else an account left at the first contact that saw it inactive for good, at the latest. All are asked for
-- once a week (setting accounts_sweep_days), so that is right to a week, but for those that were inactive when they were first seen, of
-- which nobody knows more than that it was before (is_closed_at_assumed). Who never confirmed did not leave.
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
        max(last_open.version_at) as open_until,
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
        {{ status }} as account_status,
        {{ possible_date(as_date(json_text('custom_fields', 'left_on'))) }} as told_left_on
    from accounts
),

{# a day on which the account was not there yet, or was seen open or gone already, is left over from another time #}
joined as (
    select
        stated.*,
        exits.closed_at,
        exits.is_closed_at_assumed,
        coalesce(
            stated.told_left_on >= {{ business_date('stated.created_at') }}
            and stated.told_left_on <= {{ business_date('exits.closed_at') }}
            and (exits.open_until is null or stated.told_left_on >= {{ business_date('exits.open_until') }}),
            false
        ) as is_left_on_told
    from stated
    left join exits
        on stated.source_account = exits.source_account
            and stated.document_key = exits.document_key
            and stated.account_status = 'inactive'
            and stated.activated_at is not null
),

final as (
    select
        source_system,
        source_account,
        account_id as source_record_id,
        customer_id as profile_record_id,
        programme_id as programme_record_id,
        card_number,
        phone,
        account_status as status,
        created_at as enrolled_at,
        case
            when is_left_on_told then greatest({{ business_day_starts_at('told_left_on') }}, created_at)
            else closed_at
        end as closed_at,
        is_closed_at_assumed and not is_left_on_told as is_closed_at_assumed,
        balance as vendor_balance
    from joined
)

select * from final
