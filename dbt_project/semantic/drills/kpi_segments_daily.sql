-- The people of each segment as they stand today; of earlier days the same from the orders, touches and enrolments up to then. Segments
-- of vendors stand in their own systems.
-- Записи — люди и сегменты, в которых они состоят.
-- only: day = (select max(day) from marts.kpi_segments_daily) and segment_family <> 'vendor'
with records as (
    select
        unnest([
            'shopper_type:' || shopper_type,
            'shopper_type_by_touch:' || if(shopper_type_by_touch = 'no_purchase', 'no_touch', shopper_type_by_touch),
            'lifecycle:' || lifecycle_state,
            'rfm:' || rfm_segment,
            'membership:' || if(is_loyalty_member, 'member', 'non_member')
        ]) as segment,
        customer_id
    from marts.customer_360
    where not is_employee and not is_b2b
)

select
    (select max(day) from marts.kpi_segments_daily) as day,
    segment,
    count(*) as customers
from records
where segment is not null
group by all
