-- Every employee record that any system tells of or only mentions, and the employee that it is; one row per record.
-- Somebody whom only an order, a return or the sale of a gift card mentions is a record too. Two people may share a name: it joins
-- only those of whom each system knows one, and whose e-mails and telephones, where both have them, are the same.
{% set digits = replace_all('phone', '[^0-9]', '') %}
{% set phone = 'case when length(' ~ digits ~ ') >= 10 then right(' ~ digits ~ ', 10) end' %}
with told as (
    select * from {{ ref('int_employees__united') }}
),

mentioned as (
    {{ mentioned_records('employee_record_id', [
        'int_orders__united',
        'int_returns__united',
        'int_gift_card_sales__united',
    ]) }}
),

final as (
    {{ records_of('employees', 'employee_id', [
        ('e-mail', ['email']),
        ('phone', [phone]),
        ('name', ['name']),
    ], namesakes={'name': ['email', phone]}) }}
)

select * from final
