"""The tables of the simulated world and what their columns mean.

    SHAPES: table -> column -> (kind, meaning)

Kinds: int, int? (may be missing), text, flag, time (naive UTC), date, mixed (int or text, by vendor). `_kop` is kopecks.
"""

from __future__ import annotations

_DOCUMENTED = """
[people]
person_id             text  the truth, e.g. P000001
first_name            text  as on joining, like every value here
last_name             text  at birth of the record
middle_name           text
sex                   text  male|female
birth_date            date
city                  text
region                text
address               text
email                 text  own mailbox
phone                 text  E.164
family_id             text  household or missing
is_employee           flag  works for the retailer
joined_at             time  first contact with the retailer
[profiles]
system                text  retailcrm|moysklad|mindbox
record_id             mixed int in retailcrm and mindbox, uuid in moysklad
person_id             text  missing for companies, the placeholder and tests
kind                  text  person|company|placeholder|test|employee
created_at            time
first_name            text  as written there; a company's name
last_name             text
middle_name           text
email                 text
phone                 text  as written there
birth_date            date
sex                   text  male|female or missing
city                  text
region                text
address               text
card_number           text  loyalty card
external_id           text  the shop's customer id (retailcrm, registered only)
retailcrm_id          int?  the retailcrm record id that mindbox knows
merged_into           mixed record_id of the survivor
merged_at             time
site                  text  retailcrm shop code
company_id            text  for kind company
is_guest              flag  made by a guest checkout or a duplicate subscription
[profile_changes]
system                text
record_id             mixed
changed_at            time
field                 text  a column of profiles
old_value             text
new_value             text  what profiles shows, unless a later change follows
[companies]
company_id            text
name                  text
inn                   text
kpp                   text
email                 text  shared mailbox
phone                 text  E.164
city                  text
region                text
address               text
created_at            time
[stores]
store_id              int
code                  text  retailcrm reference code
uuid                  text  moysklad store
retail_store_uuid     text  moysklad retailstore
external_code         text
name                  text
city                  text
region                text
address               text
opened_on             date
closed_on             date  or missing
format                text  flagship|mall|street|outlet
is_franchise          flag
time_zone             text  IANA
[warehouses]
store_id              int   1000 and up; a stock place, never a till
code                  text
uuid                  text
external_code         text
name                  text
city                  text
region                text
address               text
[employees]
employee_id           int
uuid                  text
name                  text
first_name            text
last_name             text
email                 text
phone                 text
store_id              int?  missing in the office
person_id             text  when the employee also buys
hired_at              time
dismissed_at          time
position              text  cashier|manager|operator
[products]
product_id            int
uuid                  text
external_code         text  xmlId and externalCode
article               text
barcode               text  EAN-13
name                  text
brand                 text
category              text
subcategory           text
price_kop             int
cost_kop              int
is_exclusive          flag  own brand
created_at            time
[orders]
order_id              int   retailcrm's id when online
number                text  unique within kind
external_id           text  shop's order id (online)
uuid                  text  moysklad document
kind                  text  online|receipt
sales_channel         text  web|app|phone|store
person_id             text  missing when nobody knows
crm_record_id         int?  online only
ms_record_id          text  the placeholder's when anonymous
site                  text
created_at            time
confirmed_at          time
shipped_at            time
received_at           time
cancelled_at          time
cancel_reason         text
promised_on           date
fulfilment            text  courier|pickup_point|store_pickup|in_store
store_id              int?  till, or the store of a pick-up
employee_id           int?  cashier or operator
payment_type          text  card|cash|online|gift_card
paid_at               time
is_test               flag
is_employee_purchase  flag
is_b2b                flag
gross_kop             int
mass_discount_kop     int
personal_discount_kop int
promo_discount_kop    int
points_discount_kop   int   points * 100
delivery_kop          int
points_redeemed       int   at checkout
points_earned         int   once received
delivery_region       text
delivery_city         text
delivery_address      text
net_kop               int   gross - all four discounts
currency              text
promo_code            text
is_guest_checkout     flag
account_id            int?  loyalty account shown
contact_email         text  as typed at checkout
contact_phone         text  as typed at checkout
[order_lines]
order_id              int
line_number           int   from 1
product_id            int
quantity              int
unit_price_kop        int
mass_discount_kop     int
personal_discount_kop int
promo_discount_kop    int
points_discount_kop   int
net_kop               int
cost_kop              int   of the line
is_cancelled          flag  struck off for want of stock at once; not in the order's sums
[returns]
return_id             int
uuid                  text
order_id              int
returned_at           time
amount_kop            int
channel               text  store|courier
store_id              int?
employee_id           int?
reason                text
points_returned       int   redeemed points given back
points_cancelled      int   earned points taken back
[return_lines]
return_id             int
line_number           int   of the order line
product_id            int
quantity              int
net_kop               int
[loyalty_accounts]
account_id            int
person_id             text
crm_record_id         int
card_number           text  final
phone                 text  E.164 at enrolment
enrolled_at           time
activated_at          time  missing while not confirmed
closed_at             time
status                text  at the end of the horizon: activated|not_confirmed|deactivated
[loyalty_operations]
operation_id          int   no vendor shows it
account_id            int
type                  text  credit_ and charge_ for_order and manual, credit_for_event, burn, cancel_of_charge, cancel_of_credit
points                int   signed
created_at            time
activates_on          date  of credits
order_id              int?
event                 text  birthday|welcome
return_id             int?
in_moysklad           flag  of a store receipt, so moysklad's bonustransaction shows it too
uuid                  text  bonustransaction
[campaigns]
campaign_id           int
name                  text
system_name           text
type                  text  mass|trigger|transactional
channel               text  email|push|sms
trigger_name          text
topic                 text  promo|digest or missing
brand                 text
created_at            time
changed_at            time
utm_source            text
utm_medium            text
utm_campaign          text
[messages]
message_id            int
campaign_id           int
person_id             text
mindbox_id            int
sent_at               time
contact_point         text  the mailbox, phone or device as of the sending
[message_events]
event_id              int   grows with created_at
message_id            int
event                 text  sent|delivered|opened|machine_opened|clicked|unsubscribed|spam|hard_bounced|soft_bounced|not_sent
happened_at           time
created_at            time  when mindbox recorded it, up to two days later
[consent_events]
mindbox_id            int
channel               text  email|push|sms
topic                 text  promo|digest
brand                 text
contact_point         text
is_subscribed         flag
changed_at            time  missing when undated
created_at            time  when mindbox recorded it
[crm_consent_events]
crm_record_id         int
channel               text  email|sms
subscription          text  code
is_subscribed         flag
changed_at            time  missing for automatic ones
created_at            time
[segments]
segment_id            int
code                  text
name                  text
is_dynamic            flag
created_at            time
[segment_members]
crm_record_id         int
code                  text
since                 time
until                 time  or missing

"""


def _read(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    shapes: dict[str, dict[str, tuple[str, str]]] = {}
    for line in filter(None, text.splitlines()):
        if line.startswith("["):
            columns = shapes.setdefault(line.strip("[]"), {})
        else:
            name, kind, *meaning = line.split(maxsplit=2)
            columns[name] = (kind, "".join(meaning))
    return shapes


SHAPES = _read(_DOCUMENTED)
