"""Where a reader of the published marts finds what the retailer's own books count (sandbox/reconciliation.py)."""

from datetime import date

SALES = "from marts.orders where is_counted"
COST = """
    select cast(sum(order_lines.cost_amount) * 100 as bigint) from marts.order_lines join marts.orders using (order_id)
    where orders.is_counted and order_lines.cost_method = 'register'
"""
RETURNS = "from marts.returns left join marts.orders using (order_id) where returns.is_counted"


def queries(first_open_day: date) -> dict[str, str]:
    """What the books count -> the query that counts it in the marts. 1C tells no costs from that day on."""
    return {
        "tickets": "select count(*) from marts.tickets",
        "tickets_spam": "select count(*) from marts.tickets where status = 'spam'",
        "tickets_deleted": "select count(*) from marts.tickets where status = 'deleted'",
        "tickets_merged": "select count(*) from marts.tickets where status = 'merged'",
        "calls": "select count(*) from marts.calls",
        "calls_in_both": "select count(mirror_record) from marts.calls",
        "visits_of_past_days": "select count(*) from marts.sessions where session_kind = 'web'",
        "app_sessions_by_gap": "select count(*) from marts.sessions where source_system = 'mindbox'",
        "app_sessions": "select count(*) from marts.sessions where source_system = 'file_drop'",
        "survey_nps": "select count(*) from marts.survey_answers where survey_type = 'nps'",
        "survey_csi": "select count(*) from marts.survey_answers where survey_type = 'csi'",
        "survey_csat": "select count(*) from marts.survey_answers where survey_type = 'csat' and ticket_id is null",
        "ticket_ratings": "select count(*) from marts.survey_answers where ticket_id is not null",
        "channel_costs_kop": "select cast(sum(cost) * 100 as bigint) from marts.channel_costs",
        "entrants": "select cast(sum(entrants) as bigint) from marts.kpi_funnel_daily",
        "wifi_visits": "select cast(sum(wifi_visits) as bigint) from marts.kpi_funnel_daily",
        "dropped_messages": "select count(*) from marts.messages where source_system = 'file_drop'",
        "promotions": "select count(*) from marts.promotions",
        "receipts": f"select sum(receipts_count) {SALES} and sales_channel = 'store'",
        "receipts_net_kop": f"select cast(sum(net_revenue) * 100 as bigint) {SALES} and sales_channel = 'store'",
        "online_orders": f"select count(*) {SALES} and channel_class = 'online'",
        "online_orders_net_kop": f"select cast(sum(net_revenue) * 100 as bigint) {SALES} and channel_class = 'online'",
        "told_market_orders": f"select count(*) {SALES} and sales_channel = 'marketplace'",
        "told_market_orders_net_kop": f"select cast(sum(net_revenue) * 100 as bigint) {SALES} and sales_channel = 'marketplace'",
        "till_returns_kop": f"select cast(sum(amount) * 100 as bigint) {RETURNS} and coalesce(orders.sales_channel, 'store') = 'store'",
        "online_returns_kop": f"select cast(sum(amount) * 100 as bigint) {RETURNS} and orders.channel_class = 'online'",
        "told_market_returns_kop": f"select cast(sum(amount) * 100 as bigint) {RETURNS} and orders.sales_channel = 'marketplace'",
        "net_revenue_of_all_kop": "select cast(sum(net_revenue) * 100 as bigint) from marts.kpi_sales_daily",
        "gift_cards_sold_kop": "select cast(sum(gift_cards_sold_amount) * 100 as bigint) from marts.kpi_sales_daily",
        "cost_of_receipts_kop": f"{COST} and orders.sales_channel = 'store' and orders.ordered_on < date '{first_open_day}'",
        "market_payout_kop": "select cast(sum(payout_amount) * 100 as bigint) from marts.kpi_sales_daily",
        "market_settlements": "select count(*) from marts.marketplace_settlements",
        "stock_quantity": """
            select cast(sum(quantity) as bigint) from marts.stock_levels join marts.stores using (store_id)
            where kind <> 'marketplace_warehouse' and stock_on = (select max(stock_on) from marts.stock_levels)
        """,
    }
