-- The orders of a customer.
-- Записи — заказы клиента.
-- apart: clv_simple_margin: the same for everybody in a segment, put together in marts.clv_segments.
-- apart: clv_predicted_12m_margin, p_alive: the model in force and its parameters stand in marts.clv_models.
with records as (
    select orders.*
    from marts.orders
    where is_counted and customer_id is not null and channel_class <> 'marketplace'
)

select
    customer_id,
    sum(net_revenue - returned_amount) as clv_historic_revenue,
    cast(sum(if(net_revenue = 0, cast(margin_amount as double),
        cast(net_revenue - returned_amount as double) * cast(margin_amount as double) / cast(net_revenue as double)
    )) as decimal(18, 2)) as clv_historic_margin
from records
group by all
