-- Vendor records of customers and since when their systems have them. A record counts from the day it was made; where its system does not
-- date that, from the first day on which that system shows the record or its customer at all (a change, a contact, a consent, an order,
-- a message), else from when we first saw it. Records that a system shows no more are not here.
with profiles as (
    select
        profiles.*,
        registry.customer_id,
        registry.linked_at
    from {{ ref('int_profiles') }} as profiles
    inner join {{ ref('identity_registry') }} as registry on profiles.profile_id = registry.profile_id
    where registry.is_present
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
),

orders as (
    select * from {{ ref('orders') }}
),

shown as (
    select profile_id, min(seen_at) as seen_at
    from (
        select profile_id, changed_at as seen_at from profiles
        union all
        select profile_id, coalesce(first_seen_at, last_seen_at) as seen_at from identifiers
        union all
        select profile_id, changed_at as seen_at from {{ ref('int_consents') }}
    ) as sights
    group by profile_id
),

met as (
    select customer_id, source_system, min(met_on) as met_on
    from (
        select orders.customer_id, records.source_system, orders.ordered_on as met_on
        from {{ ref('order_records') }} as records
        inner join orders on records.order_id = orders.order_id
        union all
        select customer_id, source_system, sent_on as met_on from {{ ref('messages') }}
    ) as meetings
    where customer_id is not null
    group by customer_id, source_system
),

final as (
    select
        profiles.profile_id,
        profiles.source_system,
        profiles.source_account,
        profiles.source_record_id,
        profiles.customer_id,
        case
            when profiles.created_at is not null then {{ business_date('profiles.created_at') }}
            else coalesce(least({{ business_date('shown.seen_at') }}, met.met_on), {{ business_date('profiles.linked_at') }})
        end as known_on
    from profiles
    left join shown on profiles.profile_id = shown.profile_id
    left join met on profiles.customer_id = met.customer_id and profiles.source_system = met.source_system
)

select * from final
