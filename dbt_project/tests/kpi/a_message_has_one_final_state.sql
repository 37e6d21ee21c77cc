-- Delivered, hard bounced, soft bounced or still on its way; and no reaction without a delivery.
select message_id
from {{ ref('messages') }}
where (is_delivered and is_hard_bounced)
    or (is_delivered and is_soft_bounced)
    or (is_hard_bounced and is_soft_bounced)
    or (not is_delivered and (is_opened or is_clicked or is_unsubscribed or is_spam_complaint))
    or (is_clicked and not is_opened)
    or (is_machine_opened and (is_clicked or not is_opened))
    or (is_machine_clicked and (is_clicked or not is_opened))
