-- Who is known to have sat at a browser, held an app or joined a store's Wi-Fi, piece by piece: what vendors tell (a login,
-- an order, a click in a message, a confirmed phone), a tracked call, a request left on the site, a record that names its
-- browser, a session that names its record. Each is resolved to a customer by an order, a record, an address or a number; one
-- that names nobody or two people has none. Evidence says who used a device and never links records: identity is done
-- before. One row per piece of evidence.
with told as (
    select * from {{ ref('int_device_evidence__united') }}
),

sessions as (
    select * from {{ ref('int_sessions__united') }}
),

wifi_visits as (
    select * from {{ ref('int_wifi_visits__united') }}
),

calls as (
    select * from {{ ref('int_calls__united') }}
),

leads as (
    select * from {{ ref('int_leads__united') }}
),

identifiers as (
    select * from {{ ref('int_identifiers__united') }}
),

namespaces as (
    select * from {{ ref('identifier_namespaces') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

cross_references as (
    select * from {{ ref('int_identifiers') }}
    where identifier_type = 'source_record' and rejected_because is null
),

gathered as (
    select
        told.evidence_id,
        told.device_type,
        told.device_key,
        told.session_id,
        told.evidence_type,
        case
            when told.identifier_type = 'source_record'
                then coalesce(namespaces.refers_to_system, told.source_system) || ':'
                    || case
                        when coalesce(namespaces.refers_to_account, '*') = '*' then told.source_account
                        else namespaces.refers_to_account
                    end
                    || ':' || trim(told.identifier_value)
        end as record_key,
        case when told.identifier_type = 'email' then told.identifier_value end as email,
        case when told.identifier_type = 'phone' then told.identifier_value end as phone,
        case when told.identifier_type = 'order_number' then told.identifier_value end as order_reference,
        told.seen_at
    from told
    left join namespaces
        on told.source_system = namespaces.source_system
            and told.identifier_namespace = namespaces.identifier_namespace
            and (namespaces.source_account = '*' or namespaces.source_account = told.source_account)

    union all

    select
        'session:' || session_id as evidence_id,
        case when session_kind = 'app' then 'app' else 'browser' end as device_type,
        client_id as device_key,
        session_id,
        'login' as evidence_type,
        profile_id as record_key,
        null as email,
        null as phone,
        null as order_reference,
        started_at as seen_at
    from sessions
    where profile_id is not null

    union all

    select
        'call:' || call_key as evidence_id,
        'browser' as device_type,
        client_id as device_key,
        null as session_id,
        'call' as evidence_type,
        null as record_key,
        null as email,
        customer_phone as phone,
        null as order_reference,
        started_at as seen_at
    from calls
    where client_id is not null and customer_phone is not null and direction = 'in'

    union all

    select
        'lead:' || lead_id as evidence_id,
        'browser' as device_type,
        client_id as device_key,
        null as session_id,
        'lead' as evidence_type,
        profile_id as record_key,
        contact_email as email,
        contact_phone as phone,
        null as order_reference,
        happened_at as seen_at
    from leads
    where client_id is not null

    union all

    select
        'record:' || profile_id || ':' || identifier_value as evidence_id,
        'browser' as device_type,
        identifier_value as device_key,
        null as session_id,
        'record' as evidence_type,
        profile_id as record_key,
        null as email,
        null as phone,
        null as order_reference,
        first_seen_at as seen_at
    from identifiers
    where identifier_type = 'browser_client'
),

-- A record is known by its own id, and an id that is no vendor's record here (the shop's) by the records that hold it.
record_owners as (
    select cross_references.link_value as record_key, min(customer_of_profile.customer_id) as customer_id
    from cross_references
    inner join customer_of_profile on cross_references.profile_id = customer_of_profile.profile_id
    group by cross_references.link_value
    having count(distinct customer_of_profile.customer_id) = 1
),

order_owners as (
    {{ orders_at('gathered', 'evidence_id', 'order_reference', 'seen_at') }}
),

resolved as (
    select
        gathered.evidence_id,
        gathered.device_type,
        gathered.device_key,
        gathered.session_id,
        gathered.evidence_type,
        coalesce(
            order_owners.customer_id,
            customer_of_profile.customer_id,
            record_owners.customer_id,
            {{ contact_customer() }}
        ) as customer_id,
        gathered.seen_at
    from gathered
    left join order_owners on gathered.evidence_id = order_owners.evidence_id
    left join customer_of_profile on gathered.record_key = customer_of_profile.profile_id
    left join record_owners on gathered.record_key = record_owners.record_key
    {{ contact_owner(phone='gathered.phone', email='gathered.email') }}
),

stays as (
    select
        session_id,
        case when session_kind = 'app' then 'app' else 'browser' end as device_type,
        client_id as device_key,
        started_at,
        coalesce(ended_at, started_at) as ended_at
    from sessions
    where client_id is not null

    union all

    select
        wifi_visit_id as session_id,
        'wifi' as device_type,
        device_key,
        entered_at as started_at,
        coalesce(left_at, entered_at) as ended_at
    from wifi_visits
    where device_key is not null
),

-- Evidence that names no session stands in the one that was going on, or had just ended.
placed as (
    select
        resolved.evidence_id,
        stays.session_id,
        row_number() over (
            partition by resolved.evidence_id order by stays.started_at desc, stays.session_id
        ) as choice
    from resolved
    inner join stays
        on resolved.device_type = stays.device_type
            and resolved.device_key = stays.device_key
            and resolved.seen_at >= stays.started_at
            and resolved.seen_at <= {{ dbt.dateadd('minute', rule('identity.evidence_minutes_after_session'), 'stays.ended_at') }}
    where resolved.session_id is null
),

final as (
    select
        resolved.evidence_id,
        resolved.device_type,
        resolved.device_key,
        coalesce(resolved.session_id, placed.session_id) as session_id,
        resolved.evidence_type,
        resolved.customer_id,
        resolved.seen_at
    from resolved
    left join placed on resolved.evidence_id = placed.evidence_id and placed.choice = 1
)

select * from final
