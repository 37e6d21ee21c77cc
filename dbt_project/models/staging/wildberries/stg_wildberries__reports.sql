-- Settlement reports with what each says it pays (bankPaymentSum) and what its rows make. One row per report of the list.
with

reports as (
    {{ live_documents('wildberries', 'reports') }}
),

settlements as (
    select * from {{ ref('stg_wildberries__settlements') }}
),

paid as (
    select
        source_account,
        report_number,
        count(*) as rows_count,
        sum(payout_amount) as payout_amount
    from settlements
    group by source_account, report_number
),

final as (
    select
        reports.source_system,
        reports.source_account,
        reports.report_number as source_record_id,
        reports.report_from,
        reports.report_to,
        reports.currency,
        coalesce(paid.rows_count, 0) as rows_count,
        reports.bank_payment as told_payout_amount,
        cast(coalesce(paid.payout_amount, 0) as decimal(18, 2)) as payout_amount,
        cast(coalesce(paid.payout_amount, 0) - reports.bank_payment as decimal(18, 2)) as payout_difference
    from reports
    left join paid
        on reports.source_account = paid.source_account
            and reports.report_number = paid.report_number
)

select * from final
