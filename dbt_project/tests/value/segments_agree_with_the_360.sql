-- The segments of the last day are counted from stretches of time, those of customer_360 as of the refresh: they say the same.
with segments as (
    select * from {{ ref('kpi_segments_daily') }}
    where day = {{ as_of_date() }}
),

customers as (
    select * from {{ ref('customer_360') }}
    where not (is_employee or is_b2b)
),

counted as (
    select concat('shopper_type:', shopper_type) as segment, count(*) as customers from customers group by shopper_type
    union all
    select concat('shopper_type_by_touch:', shopper_type_by_touch) as segment, count(*) as customers
    from customers
    group by shopper_type_by_touch
    union all
    select concat('lifecycle:', lifecycle_state) as segment, count(*) as customers from customers group by lifecycle_state
    union all
    select concat('rfm:', rfm_segment) as segment, count(*) as customers from customers where rfm_segment is not null group by rfm_segment
),

final as (
    select
        coalesce(segments.segment, counted.segment) as segment,
        segments.customers as by_stretches,
        counted.customers as by_customer
    from segments
    full outer join counted on segments.segment = counted.segment
    where coalesce(segments.segment_family not in ('vendor', 'membership'), true)
        and coalesce(segments.customers, 0) <> coalesce(counted.customers, 0)
)

select * from final
