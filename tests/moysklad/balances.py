"""The points that MoySklad's buyers may spend, worked out from the simulated retailer's own ledger and not from the stand-in's."""

from datetime import timedelta


def balances(world, now) -> dict[str, int]:
    """What every buyer may spend, by the retailer's own ledger of receipts: what waits, and what cancels that, counts from its day on."""
    day, buyers = (now + timedelta(hours=3)).replace(tzinfo=None), world.profiles_at("moysklad", now)["record_id"]
    done = world.loyalty_operations.merge(world.orders[["order_id", "ms_record_id"]], on="order_id")
    done = done[done["in_moysklad"] & (done["created_at"] <= now.replace(tzinfo=None) - timedelta(seconds=90))]
    spendable = done[~(done["pending_until"] > day)].groupby("ms_record_id")["points"].sum()
    astray = world.loyalty_accounts.set_index("account_id")["astray_points"]
    first = done.sort_values("operation_id").drop_duplicates("account_id").set_index("ms_record_id")["account_id"].map(astray)
    return {buyer: int(spendable.get(buyer, 0)) + int(first.get(buyer, 0)) for buyer in buyers}
