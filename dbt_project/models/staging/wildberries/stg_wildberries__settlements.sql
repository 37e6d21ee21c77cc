-- Rows of settlement reports in the house's words. The vendor writes the amounts of goods that came back without a sign;
-- here they are taken off. Paid acceptance, corrections of the commission, points withheld, the cost of the loyalty
-- programme and of paying at another time are deductions, so that the payout is what the report calls to be paid; the
-- formula and its sources stand in ingestion/wildberries/reports.py. One row per row of a report.
with

settlements as (
    {{ live_documents('wildberries', 'settlements') }}
),

units as (
    select * from {{ ref('stg_wildberries__units') }}
),

signed as (
    select
        settlements.*,
        {{ mapped_value('settlement_operation') }} as settlement_operation,
        {% for amount in ('retail_amount', 'for_pay') -%}
        cast(
            case
                when settlements.document_type = 'Возврат' then -abs(coalesce(settlements.{{ amount }}, 0))
                else coalesce(settlements.{{ amount }}, 0)
            end as decimal(18, 2)
        ) as signed_{{ amount }},
        {% endfor -%}
        coalesce(settlements.delivery_service, 0) as logistics_amount,
        coalesce(settlements.penalty, 0) as penalty_amount,
        coalesce(settlements.paid_storage, 0) as storage_amount,
        cast(
            coalesce(settlements.deduction, 0) + coalesce(settlements.paid_acceptance, 0)
            + coalesce(settlements.additional_payment, 0) + coalesce(settlements.cashback_amount, 0)
            + coalesce(settlements.cashback_commission_change, 0) + coalesce(settlements.payment_schedule, 0) as decimal(18, 2)
        ) as deduction_amount
    from settlements
    {{ mapped('settlement_operation', 'settlements.source_system', 'settlements.reason') }}
),

final as (
    select
        signed.source_system,
        signed.source_account,
        signed.row_id as source_record_id,
        units.basket_number as order_record_id,
        signed.report_number,
        signed.settled_on,
        signed.settlement_operation as operation,
        signed.quantity,
        signed.signed_retail_amount as sale_amount,
        signed.signed_for_pay as for_sale_amount,
        signed.logistics_amount,
        signed.penalty_amount,
        signed.storage_amount,
        signed.deduction_amount,
        cast(
            signed.signed_for_pay - signed.logistics_amount - signed.penalty_amount - signed.storage_amount
            - signed.deduction_amount as decimal(18, 2)
        ) as payout_amount,
        signed.currency
    from signed
    left join units
        on signed.source_account = units.source_account
            and signed.srid = units.srid
)

select * from final
