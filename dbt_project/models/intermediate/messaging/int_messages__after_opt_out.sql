-- Promotional and trigger messages that were sent although their recipient had opted out by then. Judged on the moment of sending, as
-- `consents` judges today: of each contact point, topic and brand the latest dated word before it, a tie is a refusal, a refusal without
-- a topic ends the topics before it, one without a contact point its topic everywhere; who unsubscribed by a message refused its topic
-- in that channel. Only words about the message's own topic and brand are heard, and those that name none; a message that names none is
-- held against all. Opted out is who has refused and has no consent left; who came back is not. Undated words cannot tell what came
-- first and are not heard, and whom nobody ever asked did not opt out. One row per such message.
{{ config(materialized='view') }}

with customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

phones as (
    select * from {{ ref('int_phone_numbers') }}
),

all_messages as (
    select
        messages.message_id,
        messages.customer_id,
        messages.channel,
        coalesce(brand_of_account.mapped_to, brand_of_vendor.mapped_to, messages.brand, '') as brand,
        coalesce(topic_of_account.mapped_to, topic_of_vendor.mapped_to, messages.topic, '') as topic,
        messages.message_type,
        messages.sent_at,
        messages.unsubscribed_at
    from {{ ref('int_messages') }} as messages
    {{ mapped('brand', 'messages.source_system', 'messages.brand') }}
    {{ mapped('topic', 'messages.source_system', 'messages.topic') }}
    where messages.is_sent and messages.customer_id is not null
),

words as (
    select
        customer_of_profile.customer_id,
        statements.channel,
        coalesce(statements.brand, '') as brand,
        coalesce(statements.topic, '') as topic,
        coalesce(phones.phone, lower(trim(statements.contact_point)), '') as contact_point,
        statements.is_subscribed,
        statements.changed_at
    from {{ ref('int_consents') }} as statements
    inner join customer_of_profile on statements.profile_id = customer_of_profile.profile_id
    left join phones on statements.channel in ('sms', 'messenger') and statements.contact_point = phones.written
    where statements.is_subscribed is not null and statements.changed_at is not null

    union all

    select
        customer_id,
        channel,
        brand,
        topic,
        '' as contact_point,
        false as is_subscribed,
        unsubscribed_at as changed_at
    from all_messages
    where unsubscribed_at is not null
),

-- Few have ever refused anything; the messages of the others need no look.
refusals as (
    select customer_id, channel, min(changed_at) as first_refused_at
    from words
    where not is_subscribed
    group by customer_id, channel
),

heard as (
    select
        messages.message_id,
        words.is_subscribed,
        words.changed_at,
        max(case when words.topic = '' and not words.is_subscribed then words.changed_at end)
            over (partition by messages.message_id) as refused_all_at,
        max(case when words.contact_point = '' and not words.is_subscribed then words.changed_at end)
            over (partition by messages.message_id, words.topic) as refused_topic_at,
        row_number() over (
            partition by messages.message_id, words.brand, words.topic, words.contact_point
            order by words.changed_at desc, words.is_subscribed
        ) as place
    from all_messages as messages
    inner join refusals
        on messages.customer_id = refusals.customer_id
            and messages.channel = refusals.channel
            and messages.sent_at > refusals.first_refused_at
    inner join words
        on messages.customer_id = words.customer_id
            and messages.channel = words.channel
            and messages.sent_at > words.changed_at
            and (messages.brand = words.brand or messages.brand = '' or words.brand = '')
            and (messages.topic = words.topic or messages.topic = '' or words.topic = '')
    where messages.message_type in ('mass', 'trigger')
),

final as (
    select message_id
    from heard
    where place = 1
    group by message_id
    having max(case when is_subscribed then 0 else 1 end) = 1
        and max(case
            when is_subscribed and coalesce(changed_at > refused_all_at, true) and coalesce(changed_at > refused_topic_at, true) then 1
            else 0
        end) = 0
)

select * from final
