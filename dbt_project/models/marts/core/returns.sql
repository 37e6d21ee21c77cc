-- Taken in by whom the return's own document names. Somebody whom papers mention and no system names (the owner of a document that a
-- robot made) took nothing in.
with returns as (
    select * from {{ ref('int_returns') }}
),

documents as (
    select * from {{ ref('int_returns__united') }}
),

employee_records as (
    select * from {{ ref('int_employee_records') }}
),

named as (
    select employee_id from {{ ref('int_employees') }}
    where name is not null
),

final as (
    select
        returns.return_id,
        returns.source_system,
        returns.source_account,
        returns.source_record_id,
        returns.order_id,
        returns.customer_id,
        returns.returned_at,
        returns.returned_on,
        returns.amount,
        returns.return_channel,
        returns.return_store_id,
        returns.reason,
        returns.evidence,
        returns.is_counted,
        returns.mirror_record,
        returns.mirror_matched_by,
        returns.mirror_amount,
        named.employee_id
    from returns
    left join documents on returns.return_id = documents.return_id
    left join employee_records
        on documents.source_system = employee_records.source_system
            and documents.source_account = employee_records.source_account
            and documents.employee_record_id = employee_records.source_record_id
    left join named on employee_records.employee_id = named.employee_id
)

select * from final
