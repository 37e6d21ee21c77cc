-- Customer ids that are no longer borne and the id that took their records over; chains are collapsed, so one look-up is
-- enough. One row per retired customer id.
with moves as (
    select * from {{ ref('int_identity_moves') }}
    where is_retired and place = 1
),

known as (
    select * from {{ published_table('customer_id_redirects') }}
),

final as (
    select
        known.old_customer_id,
        coalesce(moves.customer_id, known.customer_id) as customer_id,
        known.redirected_at
    from known
    left join moves on known.customer_id = moves.old_customer_id

    union all

    select
        moves.old_customer_id,
        moves.customer_id,
        {{ as_of() }} as redirected_at
    from moves
)

select
    old_customer_id,
    customer_id,
    redirected_at
from final
order by old_customer_id
