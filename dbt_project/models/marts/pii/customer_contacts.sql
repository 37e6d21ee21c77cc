-- How to reach each customer, and which vendor record each attribute came from. Direct identifiers: this table is
-- published to a file of its own that only its owner can read. One row per resolved customer.
with customers as (
    select * from {{ ref('int_customers') }}
),

final as (
    select
        customer_id,
        full_name,
        full_name_source,
        email,
        email_source,
        phone,
        phone_source,
        address,
        address_source,
        loyalty_card,
        loyalty_card_source,
        birth_date,
        birth_date_source
    from customers
)

select * from final
