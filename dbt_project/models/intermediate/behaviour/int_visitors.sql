-- Who was behind a session or a Wi-Fi visit: the one customer of its own evidence, else the customer of its device. Evidence of
-- two in one session is nobody's, and so is a session without evidence on a shared device. One row per identified session
-- or Wi-Fi visit.
with sessions as (
    select * from {{ ref('int_sessions__united') }}
),

wifi_visits as (
    select * from {{ ref('int_wifi_visits__united') }}
),

evidence as (
    select * from {{ ref('int_device_evidence') }}
    where customer_id is not null and session_id is not null
),

devices as (
    select * from {{ ref('int_device_customers') }}
),

own as (
    select
        session_id,
        min(customer_id) as customer_id,
        count(distinct customer_id) as customers_count
    from evidence
    group by session_id
),

stays as (
    select
        session_id,
        case when session_kind = 'app' then 'app' else 'browser' end as device_type,
        client_id as device_key
    from sessions

    union all

    select
        wifi_visit_id as session_id,
        'wifi' as device_type,
        device_key
    from wifi_visits
),

known as (
    select
        stays.session_id,
        stays.device_type,
        case
            when own.customers_count = 1 then own.customer_id
            when own.customers_count is null then devices.customer_id
        end as customer_id,
        case when own.customers_count is null then 'device' else 'own evidence' end as identified_by
    from stays
    left join own on stays.session_id = own.session_id
    left join devices on stays.device_type = devices.device_type and stays.device_key = devices.device_key
),

final as (
    select * from known
    where customer_id is not null
)

select * from final
