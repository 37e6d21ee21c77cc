"""Sales by day, by store and by employee: orders on the day they were placed, returns on the day the goods came back."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.people import by_a_member
from tests.recomputed.tables import Tables, ratio

SALE = ["day", "sales_channel", "store_id", "brand"]


def counted_orders(tables: Tables) -> pd.DataFrame:
    """The orders that stand in sums, with what they sold and who bought; `one_by_one` where more is known than the sums of a shift."""
    orders = tables.orders[tables.orders.is_counted].copy()
    lines, discounts = tables.order_lines, tables.order_discounts
    sold = lines[~lines.is_cancelled].groupby("order_id").quantity.sum()
    personal = discounts[discounts.discount_type == "personal"].groupby("order_id").amount.sum()
    orders["units"] = orders.order_id.map(sold).fillna(0.0)
    orders["personal_discount"] = orders.order_id.map(personal).fillna(0).astype("Int64")
    orders["one_by_one"] = orders.order_kind != "shift_report"
    orders["by_member"] = by_a_member(tables, orders.customer_id, orders.ordered_on)
    return orders


def counted_returns(tables: Tables) -> pd.DataFrame:
    """The returns that stand in sums, where their order was sold; without an order, where they were taken in."""
    returns = tables.returns[tables.returns.is_counted]
    sold = tables.orders[["order_id", "sales_channel", "store_id", "brand", "employee_id", "fulfilment_method", "channel_class"]]
    returns = returns.merge(sold.rename(columns={"employee_id": "sold_by"}), on="order_id", how="left")
    nameless = returns.order_id.isna()
    returns.loc[nameless, "sales_channel"] = "store"
    returns.loc[nameless, "store_id"] = returns.return_store_id[nameless]
    return returns


def summed(frame: pd.DataFrame, grain: list[str], **columns: pd.Series) -> pd.DataFrame:
    """The columns added up by grain; a sum of nothing known is empty."""
    return frame[grain].assign(**columns).groupby(grain, dropna=False)[list(columns)].sum(min_count=1)


def kpi_sales_daily(tables: Tables) -> pd.DataFrame:
    """Orders, returns, settlements and gift cards of a day, channel, store and brand."""
    orders = counted_orders(tables).assign(day=lambda frame: frame.ordered_on)
    returns = counted_returns(tables).assign(day=lambda frame: frame.returned_on)
    count, alone = orders.receipts_count, orders.one_by_one
    named = alone & (orders.sales_channel != "marketplace")
    told = summed(
        orders, SALE,
        orders_count=count,
        completed_orders=count.where(orders.is_completed, 0),
        order_revenue=orders.net_revenue,
        gross_amount=orders.gross_amount,
        discount_amount=orders.discount_amount,
        personal_discount_amount=orders.personal_discount.where(alone),
        points_discount_amount=orders.points_discount_amount.where(alone),
        delivery_amount=orders.delivery_amount,
        margin_amount=orders.net_revenue - orders.cost_amount,
        cost_amount=orders.cost_amount,
        assumed_cost_amount=orders.assumed_cost_amount,
        units=orders.units,
        identified_orders=count.where(named & orders.customer_id.notna(), 0),
        itemised_orders=count.where(named, 0),
        itemised_gross_amount=orders.gross_amount.where(alone),
        itemised_discount_amount=orders.discount_amount.where(alone),
        gift_card_paid_amount=orders.gift_card_paid_amount.where(alone),
    )
    back = summed(returns, SALE, returns_count=pd.Series(1, returns.index), returns_amount=returns.amount)
    cards = tables.gift_card_movements
    cards = cards[cards.movement_type == "sold"].assign(day=lambda frame: frame.occurred_on)
    settled = _settled(tables)
    sold = told.join(
        [back, summed(cards, SALE, gift_cards_sold_amount=cards.amount), summed(settled, SALE, payout_amount=settled.payout_amount)],
        how="outer",
    )
    sold = sold.astype({name: "Int64" for name in sold.columns if name != "units"}).reset_index()
    for column in sold.columns.difference([*SALE, "payout_amount"]):
        sold[column] = sold[column].fillna(0)
    return sold.assign(
        net_revenue=sold.order_revenue - sold.returns_amount,
        average_order_value=ratio(sold.order_revenue, sold.orders_count) / 100,
        discount_rate=ratio(sold.itemised_discount_amount, sold.itemised_gross_amount),
        personal_discount_share=ratio(sold.personal_discount_amount, sold.itemised_discount_amount),
        units_per_order=ratio(sold.units, sold.orders_count),
        identified_share=ratio(sold.identified_orders, sold.itemised_orders),
    )


def _settled(tables: Tables) -> pd.DataFrame:
    """What marketplaces paid out, by the order it was for."""
    settled = tables.marketplace_settlements.merge(tables.orders[["order_id", "store_id", "brand"]], on="order_id", how="left")
    return settled.assign(day=settled.settled_on, sales_channel="marketplace")


MARTS = {"kpi_sales_daily": kpi_sales_daily}
