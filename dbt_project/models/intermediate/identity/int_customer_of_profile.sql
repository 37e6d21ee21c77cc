-- The exchange office: which customer a vendor's profile belongs to. Tests and placeholders belong to nobody; one row per
-- vendor profile that belongs to a customer.
with registry as (
    select * from {{ ref('identity_registry') }}
),

final as (
    select profile_id, customer_id
    from registry
    where is_present
)

select * from final
