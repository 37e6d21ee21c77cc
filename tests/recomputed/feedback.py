"""What customers say, wave by wave, worked out from the answers themselves: who counts, promoters, top boxes, and what followed."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.sales import summed
from tests.recomputed.tables import Tables, month_of, ratio

GRAIN = ["month", "survey_type", "survey", "channel", "store_id"]


def kpi_feedback_monthly(tables: Tables) -> pd.DataFrame:
    """Recommendation, satisfaction and index of a wave, and what became of the discontented."""
    answers = _counting(tables)
    recommends, satisfied = answers.survey_type == "nps", answers.survey_type == "csat"
    promoter, detractor = _promoters(tables, answers), _detractors(tables, answers)
    known = detractor & answers.customer_id.notna()
    age = tables.as_of - answers.answered_at  # whose days are not over may still be called and may still come
    contacted_by_now = known & (age >= pd.Timedelta(days=tables.rules["surveys.detractor_followup_days"]))
    bought_by_now = known & (age >= pd.Timedelta(days=tables.rules["surveys.detractor_repurchase_days"]))
    rows = summed(
        answers, GRAIN,
        answers=_flag(answers.answer_id.notna()),
        identified_answers=_flag(answers.customer_id.notna()),
        nps_answers=_flag(recommends),
        promoters=_flag(promoter),
        passives=_flag(recommends & ~promoter & ~detractor),
        detractors=_flag(detractor),
        csat_answers=_flag(satisfied),
        satisfied_answers=_flag(satisfied & _in_top_box(tables, answers)),
        known_detractors=_flag(known),
        followup_due_detractors=_flag(contacted_by_now),
        followed_up_detractors=_flag(contacted_by_now & answers.answer_id.isin(_followed_up(tables, answers[known]))),
        repurchase_due_detractors=_flag(bought_by_now),
        repurchased_detractors=_flag(bought_by_now & answers.answer_id.isin(_bought_again(tables, answers[known]))),
    )
    rows = rows.join(_index(answers[answers.survey_type == "csi"])).reset_index()
    up, down = ratio(rows.promoters, rows.nps_answers), ratio(rows.detractors, rows.nps_answers)
    error = 100 * ((up + down - (up - down) ** 2) / rows.nps_answers) ** 0.5
    return rows.assign(
        net_promoters=rows.promoters - rows.detractors,
        nps=100 * (up - down),
        nps_standard_error=error,
        nps_margin=error * tables.rules["surveys.margin_standard_errors"],
        csat=ratio(rows.satisfied_answers, rows.csat_answers),
        csi=10 * ratio(rows.csi_weighted_scores, rows.csi_weights),
        detractor_followup_share=ratio(rows.followed_up_detractors, rows.followup_due_detractors),
        detractor_repurchase_share=ratio(rows.repurchased_detractors, rows.repurchase_due_detractors),
    )


def _flag(condition: pd.Series) -> pd.Series:
    return condition.astype("boolean").fillna(False).astype("Int64")


def _counting(tables: Tables) -> pd.DataFrame:
    """Answers on their scale: of a person to a question the latest of the month, of somebody unknown each."""
    answers = tables.survey_answers
    answers = answers[(answers.scale_min <= answers.score) & (answers.score <= answers.scale_max)]
    answers = answers.assign(month=month_of(tables.business_date(answers.answered_at))).sort_values(["answered_at", "answer_id"])
    wave = ["month", "survey_type", "survey", "question", "customer_id"]
    return answers[answers.customer_id.isna() | ~answers.duplicated(wave, keep="last")]


def _promoters(tables: Tables, answers: pd.DataFrame) -> pd.Series:
    top = answers.score > answers.scale_max - tables.rules["surveys.promoters_top_scores"]
    return (answers.survey_type == "nps") & top


def _detractors(tables: Tables, answers: pd.DataFrame) -> pd.Series:
    low = answers.score <= tables.rules["surveys.detractors_up_to"]
    return (answers.survey_type == "nps") & low & ~_promoters(tables, answers)


def _in_top_box(tables: Tables, answers: pd.DataFrame) -> pd.Series:
    """Satisfied: the top two scores of a scale, of two or three points the top one."""
    by_points = {float(points): top for points, top in tables.rules["surveys.csat_top_scores_by_scale_points"].items()}
    points = answers.scale_max - answers.scale_min + 1
    return answers.score > answers.scale_max - points.map(by_points).fillna(tables.rules["surveys.csat_top_scores"])


def _followed_up(tables: Tables, detractors: pd.DataFrame) -> set[str]:
    """Detractors to whom the retailer came in time: a call out that was answered, or a ticket that an agent opened."""
    calls, tickets = tables.calls, tables.tickets
    calls = calls[(calls.direction == "out") & calls.is_answered]
    tickets = tickets[tickets.is_counted & tickets.is_created_by_agent]
    came = pd.concat([
        calls[["customer_id", "started_at"]].rename(columns={"started_at": "happened_at"}),
        tickets[["customer_id", "created_at"]].rename(columns={"created_at": "happened_at"}),
    ])
    return _followed(detractors, came, days=tables.rules["surveys.detractor_followup_days"])


def _bought_again(tables: Tables, detractors: pd.DataFrame) -> set[str]:
    orders = tables.orders[tables.orders.is_counted]
    bought = orders[["customer_id", "ordered_at"]].rename(columns={"ordered_at": "happened_at"})
    return _followed(detractors, bought, days=tables.rules["surveys.detractor_repurchase_days"])


def _followed(answers: pd.DataFrame, events: pd.DataFrame, *, days: int) -> set[str]:
    """Answers after which such a thing happened to their customer, within so many days."""
    met = answers[["answer_id", "customer_id", "answered_at"]].merge(events.dropna(), on="customer_id")
    later = met.happened_at - met.answered_at
    return set(met.answer_id[(later > pd.Timedelta(0)) & (later <= pd.Timedelta(days=days))])


def _index(answers: pd.DataFrame) -> pd.DataFrame:
    """Importance × mean satisfaction (on a scale of 1–10) over the items of a cell; importance is the item's mean in the wave."""
    share = (answers.score - answers.scale_min) / (answers.scale_max - answers.scale_min)
    answers = answers.assign(satisfaction=1 + 9 * share)
    importance = answers.groupby(["month", "survey", "question"], dropna=False).importance.mean()
    items = answers.groupby([*GRAIN, "question"], dropna=False).satisfaction.mean().reset_index()
    items = items.merge(importance.reset_index(), on=["month", "survey", "question"])
    items = items[items.importance.notna()]
    return summed(items, GRAIN, csi_weighted_scores=items.importance * items.satisfaction, csi_weights=items.importance)


MARTS = {"kpi_feedback_monthly": kpi_feedback_monthly}
