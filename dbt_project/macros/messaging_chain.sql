{#-
  The chain of a message, from sent to ordered, per `dimensions` (columns of `messages`), as a query: every messaging mart tells the same
  numbers by it. Opens, clicks and orders stand where their message stands, so a late one changes the row of the day it was sent.
    with chain as ({{ messaging_chain(['campaign_id', 'channel']) }})
  engaged: unique opens of e-mail, unique clicks of push and messengers, NULL elsewhere (SMS tells no opens). engagement_base: the delivered
  of the same channels, NULL elsewhere too, so that a sum over channels divides by no SMS. A channel must be among the dimensions.
  Minutes to open are a person's; an event that is told to lie before the delivery has none.
-#}
{% macro messaging_chain(dimensions) -%}
    select
        {{ dimensions | join(',\n        ') }},
        sent,
        delivered,
        {{ ratio('delivered', 'sent') }} as delivery_rate,
        hard_bounced,
        {{ ratio('hard_bounced', 'sent') }} as hard_bounce_rate,
        soft_bounced,
        {{ ratio('soft_bounced', 'sent') }} as soft_bounce_rate,
        opened,
        {{ ratio('opened', 'delivered') }} as open_rate,
        opened_by_person,
        {{ ratio('opened_by_person', 'delivered') }} as open_rate_human,
        clicked,
        {{ ratio('clicked', 'delivered') }} as click_through_rate,
        clicked_with_machines,
        {{ ratio('clicked_with_machines', 'delivered') }} as click_through_rate_with_machines,
        {{ ratio('clicked', 'opened') }} as click_to_open_rate,
        unsubscribed,
        {{ ratio('unsubscribed', 'delivered') }} as unsubscribe_rate,
        spam_complaints,
        {{ ratio('spam_complaints', 'delivered') }} as spam_complaint_rate,
        engaged,
        engagement_base,
        {{ ratio('engaged', 'engagement_base') }} as engagement_rate,
        minutes_to_open_p50,
        minutes_to_click_p50,
        attributed_orders,
        attributed_revenue,
        unidentified,
        {{ ratio('unidentified', 'sent') }} as unidentified_share,
        recipients,
        first_sent_on,
        last_sent_on
    from (
        select
            {{ dimensions | join(',\n            ') }},
            count(*) as sent,
            count(case when is_delivered then 1 end) as delivered,
            count(case when is_hard_bounced then 1 end) as hard_bounced,
            count(case when is_soft_bounced then 1 end) as soft_bounced,
            count(case when is_opened then 1 end) as opened,
            count(case when is_opened and not is_machine_opened then 1 end) as opened_by_person,
            count(case when is_clicked then 1 end) as clicked,
            count(case when is_clicked or is_machine_clicked then 1 end) as clicked_with_machines,
            count(case when is_unsubscribed then 1 end) as unsubscribed,
            count(case when is_spam_complaint then 1 end) as spam_complaints,
            case
                when channel = 'email' then count(case when is_opened then 1 end)
                when channel in ('push', 'messenger') then count(case when is_clicked then 1 end)
            end as engaged,
            case when channel in ('email', 'push', 'messenger') then count(case when is_delivered then 1 end) end as engagement_base,
            cast({{ quantile(
                'case when is_opened and not is_machine_opened and first_opened_at >= delivered_at then '
                ~ dbt.datediff('delivered_at', 'first_opened_at', 'second') ~ ' / 60.0 end', 0.5
            ) }} as double) as minutes_to_open_p50,
            cast({{ quantile(
                'case when is_clicked and first_clicked_at >= delivered_at then '
                ~ dbt.datediff('delivered_at', 'first_clicked_at', 'second') ~ ' / 60.0 end', 0.5
            ) }} as double) as minutes_to_click_p50,
            cast(coalesce(sum(attributed_orders), 0) as bigint) as attributed_orders,
            cast(coalesce(sum(attributed_revenue), 0) as decimal(18, 2)) as attributed_revenue,
            count(case when customer_id is null then 1 end) as unidentified,
            count(distinct case when is_delivered then customer_id end) as recipients,
            min(sent_on) as first_sent_on,
            max(sent_on) as last_sent_on
        from {{ ref('messages') }}
        group by {{ dimensions | join(', ') }}
    ) as counted
{%- endmacro %}
