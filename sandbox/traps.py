"""The planted traps: how often the simulated retailer's records go wrong, each with its share.

Shares are chances per the thing named in the comment; tests/sandbox/test_retailer.py counts them again. The sizes are
choices, set so that every trap occurs at the default size and none drowns the plain cases.
"""

from __future__ import annotations

# Names, per vendor record of a person
TRANSLITERATED_NAME = 0.04  # Иван -> Ivan
SHORT_NAME = 0.06  # Иван -> Ваня
YO_WRITTEN_AS_YE = 0.50  # of names with ё
NAME_TYPO = 0.02  # two letters swapped or one lost in the last name
MISSING_LAST_NAME = {"retailcrm": 0.03, "moysklad": 0.06, "mindbox": 0.20, "usedesk": 0.30, "calltouch": 0.60, "one_c": 0.08}
MISSING_MIDDLE_NAME = {"retailcrm": 0.55, "moysklad": 0.40, "mindbox": 0.90, "usedesk": 1.0, "calltouch": 1.0, "one_c": 0.45}
# Members always gave their birth date.
MISSING_BIRTH_DATE = {"retailcrm": 0.45, "moysklad": 0.55, "mindbox": 0.45, "usedesk": 1.0, "calltouch": 1.0, "one_c": 0.45}

# Contacts, per vendor record of a person
MISSING_EMAIL = {"retailcrm": 0.12, "moysklad": 0.45, "mindbox": 0.05, "usedesk": 0.0, "calltouch": 0.0, "one_c": 0.50}
MISSING_PHONE = {"retailcrm": 0.04, "moysklad": 0.06, "mindbox": 0.15, "usedesk": 0.0, "calltouch": 0.0, "one_c": 0.05}
JUNK_EMAIL = {"retailcrm": 0.01, "moysklad": 0.01, "mindbox": 0.0, "usedesk": 0.0, "calltouch": 0.02, "one_c": 0.01}
JUNK_EMAILS = ("test@test.ru", "noemail@example.com", "no@no.ru")
TILL_DUMMY_PHONE = "+79999999999"
TILL_DUMMY_PHONE_SHARE = 0.03  # of moysklad counterparties made at a till
PHONE_FORMATS = ("+7 (916) 123-45-67", "8 916 123-45-67", "79161234567", "+79161234567", "8(916)1234567")  # equally often

# People
IN_A_FAMILY = 0.10  # shares household and address with the person before
SHARED_FAMILY_PHONE = 0.20  # of those: 2 % of people use another's phone
RECYCLED_NUMBER = 0.005  # got a number that another customer gave up
COMPANY_MAILBOX = 0.006  # writes from the shared mailbox of a firm
EMPLOYEE = 0.015  # works for the retailer and buys there
PHONE_CHANGED, EMAIL_CHANGED, MOVED = 0.03, 0.02, 0.04
MARRIED_NAME = 0.02  # of women

# Records
GUEST_CHECKOUT = 0.06  # of a person's online orders: one more retailcrm record
GUEST_CONTACTS = {"phone": 0.4, "email": 0.4, "both": 0.2}
COMBINED_RECORD = 0.35  # of guest records, later merged into the person's own (retailcrm "combinedTo")
MINDBOX_DUPLICATE = 0.05  # of mindbox customers subscribed once more in a form
MINDBOX_MERGED = 0.50  # of those duplicates
MINDBOX_KNOWS_RETAILCRM_ID = 0.85
IN_MINDBOX = 0.90  # of retailcrm's registered people with a contact
# Where a change does not reach, the old value stays.
CHANGE_REACHES = {"retailcrm": 0.95, "moysklad": 0.5, "mindbox": 0.7, "usedesk": 0.3, "calltouch": 0.2, "one_c": 0.6}
REPLACED_CARD = 0.05  # of loyalty accounts

# Loyalty. Of a small retailer's accounts more are astray (sandbox/programme.py).
LEAVING_IS_TOLD = 0.7  # of members who left: the CRM's own field says on which day; of the others it says only that they are gone
BALANCE_ASTRAY = 0.003  # of confirmed accounts: the CRM's balance has these points more than its own operations add up to
ASTRAY_POINTS = (100, 250, 40)  # equally often

# Goods
WITHOUT_COST, WITHOUT_COST_AT_LEAST = 0.01, 3  # of products: sold on commission, so no system knows what they cost

# Orders
TEST_ORDER = 0.003  # of online orders: one more, by the web team
B2B_ORDERS_PER_COMPANY_MONTH = 0.8
COMPANIES_PER_PERSON = 0.003
LINE_CANCELLED = 0.015  # of the second and later lines of online orders: no stock
ZERO_PRICED_LINE = 0.002  # gifts

# Messages
UNDATED_CONSENT = 0.15  # of first consents
LATE_EVENT = 0.03  # recorded up to two days after it happened
CLICK_WITHOUT_OPEN = 0.08  # of clicks: images were blocked
SENT_AFTER_OPT_OUT = 0.01  # of the opted-out, per campaign
APPLE_MAIL = 0.12  # of e-mail readers: a machine opens for them
FOLLOWED_BY_GATEWAY = 0.9  # of e-mails to a firm's mailbox: what guards it follows the links within three seconds of the delivery
