-- The people of each band as they stand today, without employees and companies (of earlier days the same from the messages up to
-- then), with today's messages to them.
-- Записи — люди дня с сообщениями за 7 и 30 дней и с тем, что им отправлено в этот день; без сотрудников и юрлиц.
-- apart: people_written_to, days_since_last_message: customer_contact_pressure.last_message_at.
-- only: day = (select max(day) from marts.kpi_contact_pressure_daily)
with today as (
    select max(day) as day from marts.kpi_contact_pressure_daily
),

records as (
    select
        today.day,
        pressure.pressure_band,
        pressure.customer_id,
        pressure.messages_7d,
        pressure.messages_30d,
        pressure.is_over_cap,
        count(messages.message_id) as sent,
        count(*) filter (where messages.is_after_opt_out) as messages_after_opt_out,
        count(*) filter (where messages.is_delivered) as delivered,
        count(*) filter (where messages.is_duplicate) as duplicate_messages,
        count(*) filter (where messages.is_unsubscribed) as unsubscribed,
        count(*) filter (where messages.is_spam_complaint) as spam_complaints
    from marts.customer_contact_pressure as pressure
    join marts.customer_360 using (customer_id)
    cross join today
    left join marts.messages
        on messages.customer_id = pressure.customer_id and messages.sent_on = today.day
            and messages.message_type in ('mass', 'trigger')
    where not customer_360.is_employee and not customer_360.is_b2b
    group by all
)

select
    day,
    pressure_band,
    count(*) as people,
    sum(messages_7d) as messages_7d,
    sum(messages_30d) as messages_30d,
    count(*) filter (where is_over_cap) as people_over_cap,
    sum(sent) as sent,
    sum(messages_after_opt_out) as messages_after_opt_out,
    sum(delivered) as delivered,
    sum(duplicate_messages) as duplicate_messages,
    sum(unsubscribed) as unsubscribed,
    sum(spam_complaints) as spam_complaints
from records
group by all
