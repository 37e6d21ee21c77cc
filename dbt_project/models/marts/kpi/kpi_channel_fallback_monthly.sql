-- People who stopped reacting in one channel and reacted in another. Ignored is a delivered promotional or trigger message that its
-- recipient neither opened (a machine's open is none) nor clicked, as far as is known today; a late open gives the row of its month back.
-- Whoever ignores messaging.fallback_ignored_messages (5) or more in a row in a channel fell silent in it when the fifth was sent: silence
-- is judged once, at that message; a longer one is the same, and everybody who ignored more passed the fifth. Any reaction in the channel
-- ends the row. They fell back on another channel when they opened or clicked a promotional or trigger message in it within
-- messaging.fallback_reaction_days of the sending of the fifth, not of the last ignored. SMS tells no opens, so silence there
-- means no click.
-- People are customers who are neither employees nor companies; a month's person counts once per pair of channels, in as many `to`
-- channels as they reacted in. A silence is counted once messaging.fallback_reaction_days after it are over, in all columns.
{% set row_length = rule('messaging.fallback_ignored_messages') %}
{% set patience = rule('messaging.fallback_reaction_days') %}

with customers as (
    select * from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

messages as (
    select
        messages.message_id,
        messages.customer_id,
        messages.channel,
        messages.sent_at,
        messages.sent_on,
        case when messages.is_opened and not messages.is_machine_opened then messages.first_opened_at end as opened_at,
        messages.first_clicked_at as clicked_at
    from {{ ref('messages') }} as messages
    inner join customers on messages.customer_id = customers.customer_id
    where messages.is_delivered and messages.message_type in ('mass', 'trigger')
),

judged as (
    select
        message_id,
        customer_id,
        channel,
        sent_at,
        sent_on,
        case when opened_at is null and clicked_at is null then 0 else 1 end as has_reacted,
        sum(case when opened_at is null and clicked_at is null then 0 else 1 end) over (
            partition by customer_id, channel order by sent_at, message_id rows between unbounded preceding and current row
        ) as reactions_so_far
    from messages
),

placed as (
    select
        customer_id,
        channel,
        sent_at,
        sent_on,
        row_number() over (
            partition by customer_id, channel, reactions_so_far order by sent_at, message_id
        ) as place_in_row
    from judged
    where has_reacted = 0
),

silences as (
    select
        customer_id,
        channel,
        sent_at as silent_at,
        cast({{ dbt.date_trunc('month', 'sent_on') }} as date) as month
    from placed
    where place_in_row = {{ row_length }}
        and {{ dbt.dateadd('day', patience, 'sent_at') }} <= {{ as_of() }}
),

channels as (
    select distinct channel from messages
    where channel <> 'unknown'
),

reactions as (
    select customer_id, channel, opened_at as reacted_at from messages
    where opened_at is not null

    union all

    select customer_id, channel, clicked_at as reacted_at from messages
    where clicked_at is not null
),

fell_back as (
    select
        silences.month,
        silences.channel as from_channel,
        reactions.channel as to_channel,
        count(distinct silences.customer_id) as fell_back
    from silences
    inner join reactions
        on silences.customer_id = reactions.customer_id
            and silences.channel <> reactions.channel
            and reactions.reacted_at > silences.silent_at
            and reactions.reacted_at <= {{ dbt.dateadd('day', patience, 'silences.silent_at') }}
    group by silences.month, silences.channel, reactions.channel
),

written_to as (
    select
        silences.month,
        silences.channel as from_channel,
        messages.channel as to_channel,
        count(distinct silences.customer_id) as written_to
    from silences
    inner join messages
        on silences.customer_id = messages.customer_id
            and silences.channel <> messages.channel
            and messages.sent_at > silences.silent_at
            and messages.sent_at <= {{ dbt.dateadd('day', patience, 'silences.silent_at') }}
    group by silences.month, silences.channel, messages.channel
),

ignored as (
    select
        month,
        channel as from_channel,
        count(distinct customer_id) as ignored
    from silences
    where channel <> 'unknown'
    group by month, channel
),

final as (
    select
        ignored.month,
        ignored.from_channel,
        channels.channel as to_channel,
        ignored.ignored,
        coalesce(fell_back.fell_back, 0) as fell_back,
        {{ ratio('coalesce(fell_back.fell_back, 0)', 'ignored.ignored') }} as fallback_rate,
        coalesce(written_to.written_to, 0) as written_to,
        {{ ratio('coalesce(written_to.written_to, 0)', 'ignored.ignored') }} as written_to_share
    from ignored
    inner join channels on ignored.from_channel <> channels.channel
    left join fell_back
        on ignored.month = fell_back.month
            and ignored.from_channel = fell_back.from_channel
            and channels.channel = fell_back.to_channel
    left join written_to
        on ignored.month = written_to.month
            and ignored.from_channel = written_to.from_channel
            and channels.channel = written_to.to_channel
)

select * from final
