-- Whose a browser, an app or a Wi-Fi device is: the one customer that all its evidence names, and nobody's (customer_id NULL)
-- when two were there. A pure function of tonight's evidence, so what comes later changes earlier sessions on the next
-- refresh. One row per device that any evidence resolves.
with evidence as (
    select * from {{ ref('int_device_evidence') }}
    where customer_id is not null and device_key is not null
),

final as (
    select
        device_type,
        device_key,
        case when count(distinct customer_id) = 1 then min(customer_id) end as customer_id,
        count(distinct customer_id) as customers_count,
        min(seen_at) as first_evidence_at,
        max(seen_at) as last_evidence_at,
        count(*) as evidence_count,
        count(distinct customer_id) > 1 as is_shared
    from evidence
    group by device_type, device_key
)

select * from final
