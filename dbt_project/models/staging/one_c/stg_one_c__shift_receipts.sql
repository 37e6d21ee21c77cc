-- Which receipts the report of a shift was drawn up from: those that name it, and of the same till and shift number, within days, those
-- that name none that stands, because theirs was struck off, marked for deletion or never seen: a report that is issued again is a new
-- document, and receipts go on naming the old one. 1C archives a receipt when its shift closes, so one that was struck off before stands
-- in no report. Some 1C unpost what they archive and some do not; which, the archived receipts of the account and month tell: most of
-- them. Where they do, is_archived says that an unposted receipt was archived rather than struck off. One row per report and receipt.
{# a table, since orders and what is left of reports read it #}
{{ config(materialized='table') }}
{# a shift lasts a day at most, and a till whose fiscal drive is replaced counts its shifts from 1 again #}
{% set days_of_a_shift = 3 %}
with

shifts as (
    select * from {{ ref('stg_one_c__shifts') }}
),

receipts as (
    {{ live_documents('one_c', 'receipts') }}
),

told as (
    select
        receipts.source_account,
        receipts.receipt_id,
        receipts.sold_at,
        receipts.till_id,
        receipts.shift_number,
        receipts.is_posted,
        receipts.shift_report_id,
        coalesce(shifts.is_standing, false) as names_report_that_stands,
        not coalesce(receipts.is_deleted, false) as is_unmarked,
        receipts.shift_report_id is not null or coalesce(receipts.status, '') = 'Архивный' as is_in_archive,
        date_trunc('month', receipts.sold_at) as sold_in
    from receipts
    left join shifts
        on receipts.source_account = shifts.source_account
            and receipts.shift_report_id = shifts.shift_report_id
),

weighed as (
    select
        *,
        sum(case when is_in_archive and is_unmarked then case when is_posted then -1 else 1 end else 0 end)
            over (partition by source_account, sold_in) as more_unposted_than_posted
    from told
),

judged as (
    select
        *,
        is_unmarked and is_in_archive and not is_posted and more_unposted_than_posted > 0 as is_archived
    from weighed
),

final as (
    select
        source_account,
        shift_report_id,
        receipt_id,
        names_report_that_stands as is_standing,
        is_archived
    from judged
    where shift_report_id is not null

    union all

    select
        shifts.source_account,
        shifts.shift_report_id,
        judged.receipt_id,
        shifts.is_standing,
        judged.is_archived
    from shifts
    inner join judged
        on shifts.source_account = judged.source_account
            and shifts.till_id = judged.till_id
            and shifts.shift_number = judged.shift_number
            and shifts.shift_report_id <> coalesce(judged.shift_report_id, '')
    where not judged.names_report_that_stands
        and judged.is_unmarked
        and (judged.is_posted or judged.is_archived)
        and abs({{ dbt.datediff('judged.sold_at', 'shifts.closed_at', 'day') }}) <= {{ days_of_a_shift }}
)

select * from final
