-- May we write to this customer in this channel for this brand? Consent belongs to a contact point and topic: of each the
-- latest dated change wins and of two at one moment the refusal. A statement without a date counts only while no dated
-- one is known in the channel; a later refusal without a topic ends all topics. The customer is subscribed while any
-- contact point and topic is. An opt-in without a date that stands in a record made since its account was first asked is dated by the
-- contact that first saw the record; what the first load found, and what an older record turned into since, is nobody's new opt-in, since
-- nothing tells when. One row per customer, channel and brand.
with statements as (
    select * from {{ ref('int_consents') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

phones as (
    select * from {{ ref('int_phone_numbers') }}
),

contacts as (
    select * from {{ ref('int_lake_contacts') }}
),

first_contacts as (
    select source_system, source_account, min(contacted_at) as contacted_at
    from contacts
    group by source_system, source_account
),

undated as (
    select distinct profile_id
    from statements
    where is_subscribed and changed_at is null
),

sightings as (
    select
        profiles.profile_id,
        min(contacts.contacted_at) as seen_at
    from {{ ref('int_profiles') }} as profiles
    inner join undated on profiles.profile_id = undated.profile_id
    inner join first_contacts
        on profiles.source_system = first_contacts.source_system
            and profiles.source_account = first_contacts.source_account
            and profiles.created_at > first_contacts.contacted_at
    inner join contacts
        on profiles.source_system = contacts.source_system
            and profiles.source_account = contacts.source_account
            and profiles.created_at <= contacts.contacted_at
    group by profiles.profile_id
),

addressed as (
    select
        customer_of_profile.customer_id,
        statements.channel,
        coalesce(statements.brand, '') as brand,
        coalesce(statements.topic, '') as topic,
        coalesce(phones.phone, lower(trim(statements.contact_point)), '') as contact_point,
        statements.is_subscribed,
        statements.changed_at,
        coalesce(statements.changed_at, sightings.seen_at) as agreed_at
    from statements
    inner join customer_of_profile on statements.profile_id = customer_of_profile.profile_id
    left join sightings on statements.profile_id = sightings.profile_id
    left join phones on statements.channel in ('sms', 'messenger') and statements.contact_point = phones.written
    where statements.is_subscribed is not null
),

weighed as (
    select
        addressed.*,
        max(changed_at) over (partition by customer_id, channel, brand) as channel_changed_at,
        max(case when topic = '' and not is_subscribed then changed_at end)
            over (partition by customer_id, channel, brand) as refused_all_at,
        row_number() over (
            partition by customer_id, channel, brand, topic, contact_point
            order by changed_at desc nulls last, is_subscribed
        ) as place
    from addressed
),

final as (
    select
        customer_id,
        channel,
        nullif(brand, '') as brand,
        max(case
            when place > 1 or not is_subscribed then 0
            when changed_at is null and channel_changed_at is not null then 0
            when changed_at <= refused_all_at then 0
            else 1
        end) = 1 as is_subscribed,
        min(case when is_subscribed then agreed_at end) as first_subscribed_at,
        max(changed_at) as last_changed_at
    from weighed
    group by customer_id, channel, brand
)

select * from final
