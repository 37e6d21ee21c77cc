"""Everything that happens on the shop's site and in its app, from the purchases and mailings that are known already.

planned purchases, orders, mailings -> errands -> browsing.py, app_use.py, advertising.py -> the world's digital tables
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import advertising, app_use, baskets, browsing, campaigns, errands, trade
from sandbox.dice import Dice

TOLD_AT_ONCE = np.timedelta64(10, "s")


def digital(
    dice: Dice,
    planned: pd.DataFrame,
    joined: np.ndarray,
    orders: pd.DataFrame,
    goods: pd.DataFrame,
    own: pd.DataFrame,
    readers: pd.DataFrame,
    messages: pd.DataFrame,
    events: pd.DataFrame,
    sent: pd.DataFrame,
    *,
    customers: int,
    begins: np.datetime64,
    ends: np.datetime64,
) -> dict[str, pd.DataFrame]:
    """browsers, visits, visit_events, goals, app_actions, channel_costs.

    `planned`: purchases of people up to LOOKS_AHEAD_DAYS past the end; `joined`: days since the beginning, of those people too who join
    by then; `own`: person and created_at of retailcrm's own records; `readers`: the mailing system's customers.
    """
    first_day = (begins + trade.MOSCOW).astype("datetime64[D]")
    horizon = int((ends - begins) / trade.DAY) + 2
    tests = orders[orders["is_test"] & (orders["sales_channel"] == "web")]
    planned = pd.concat([planned, tests[list(planned.columns)]], ignore_index=True)
    people_only = planned.iloc[: len(planned) - len(tests)]
    uses_app = np.zeros(len(joined), dtype=bool)
    uses_app[readers.loc[readers["uses_app"], "person"]] = True

    clicks = _clicks(messages, events, readers, sent)
    carts = campaigns.reminders(dice, readers, ends=ends + trade.DAY)
    carts = carts.assign(person=readers["person"].to_numpy()[carts["reader"]])
    carts = carts[carts["sent_at"].to_numpy() > readers["created_at"].to_numpy()[carts["reader"]] + np.timedelta64(3, "h")]
    placed = errands.ordering(orders).merge(
        planned.reset_index(names="row")[["who", "nth", "row"]], left_on=["k1", "k2"], right_on=["who", "nth"], suffixes=("", "_")
    )
    placed = placed.assign(plan=placed["row"])[[*errands.empty(0, 0).columns, "at"]]
    clicked, pushed = errands.clicking(dice, clicks)
    looked, left = errands.before_buying(dice, people_only, uses_app)
    reminded, reminded_in_app = errands.reminded(dice, carts)
    site = [placed, clicked, looked, reminded]
    site += [errands.idling(dice, joined, first_day=first_day, horizon=horizon, a_year=errands.IDLE_A_YEAR, purpose="idle on site")]
    site += [errands.passing_by(dice, customers=customers, first_day=first_day, horizon=horizon)]
    app = [pushed, left, reminded_in_app, app_use.buying(people_only)]
    app += [errands.idling(dice, joined, first_day=first_day, horizon=horizon, a_year=app_use.IDLE_A_YEAR, purpose="idle in app")]

    letters = messages.set_index("message_id")[["campaign_id", "mindbox_id"]].loc[clicks["message_id"]]
    letters = letters.join(sent.set_index("campaign_id")[["channel", "utm_source", "utm_medium", "utm_campaign"]], on="campaign_id")
    wanted = baskets.contents(dice, planned, goods).rename(columns={"order": "plan"})
    told = browsing.browse(dice, pd.concat(site, ignore_index=True), wanted, orders, goods, own, letters, begins=begins, ends=ends)
    told["app_actions"] = app_use.app_actions(dice, pd.concat(app, ignore_index=True), wanted, goods, readers, ends=ends)
    told["channel_costs"] = advertising.channel_costs(
        dice, told["visits"], messages, clicks, sent, customers=customers, begins=begins, ends=ends
    )
    return told


def _clicks(messages: pd.DataFrame, events: pd.DataFrame, readers: pd.DataFrame, sent: pd.DataFrame) -> pd.DataFrame:
    """message_id, person, channel, happened_at, number: the first click of each message that was told at once.

    A click that is told late may be told after the end of the world, so its visit would depend on where the world ends: it has none.
    """
    clicks = events[(events["event"] == "clicked") & (events["created_at"] - events["happened_at"] <= TOLD_AT_ONCE)]
    clicks = clicks.sort_values(["happened_at", "message_id"], kind="stable").drop_duplicates("message_id")
    letter = messages.set_index("message_id").loc[clicks["message_id"]]
    return pd.DataFrame(
        {
            "message_id": clicks["message_id"].to_numpy(),
            "person": letter["mindbox_id"].map(readers.set_index("mindbox_id")["person"]).to_numpy(),
            "channel": letter["campaign_id"].map(sent.set_index("campaign_id")["channel"]).to_numpy(),
            "happened_at": clicks["happened_at"].to_numpy().astype("datetime64[us]"),
            "number": 0,
        }
    )
