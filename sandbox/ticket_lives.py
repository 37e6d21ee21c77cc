"""What becomes of each ticket: comments, changes of status, ratings.

    causes -> fates -> answers by bots and operators, waiting, solving, reopening, closing -> comments, statuses, ratings

Every event has its own time, and the order of times is the order of the story: a status follows the one before it, whatever
drew it. Operators answer from 9 to 21 in Moscow; whoever writes at night waits for the morning, except for the bot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sandbox import tickets
from sandbox.contacts import operators, when_open
from sandbox.dice import Dice
from sandbox.trade import NEVER, seconds

PRIORITIES, PRIORITY_WEIGHTS = ("low", "medium", "urgent", "extreme"), (15, 60, 20, 5)
FIRST_RESPONSE_HOURS = {"low": 24.0, "medium": 12.0, "urgent": 4.0, "extreme": 1.0}
RESOLUTION_HOURS = {"low": 72.0, "medium": 48.0, "urgent": 24.0, "extreme": 4.0}
HAS_SLA = 0.85
ANSWER_MINUTES = {"email": 100.0, "form": 80.0, "vk": 40.0, "whatsapp": 18.0, "telegram": 12.0, "chat": 6.0}  # mean, once open
BOT_CHANNELS, BOT_ANSWERS, BOT_ALONE, BOT_ALONE_ORDER = ("chat", "telegram"), 0.92, 0.35, 0.12
SPAM, DELETED, UNANSWERED, TAKES_DAYS, NEVER_SOLVED = 0.11, 0.013, 0.015, 0.03, 0.02  # SPAM of strangers by e-mail and form
WAITS_FOR_CLIENT, WAITS_FOR_OTHERS, CLIENT_IS_GONE = 0.55, 0.12, 0.06
ROUNDS = (45, 30, 16, 9)  # 0 .. 3 more exchanges
REOPENED, CLOSED, RATED, BY_WEBHOOK = 0.08, 0.93, 0.25, 0.8
PLEASED, CROSS = (4, 5, 11, 28, 52), (25, 20, 20, 20, 15)
SAYS = {
    "client": ("Здравствуйте! Подскажите, пожалуйста.", "Жду ответа.", "Спасибо за ответ, но вопрос остался.", "Хорошо, спасибо!"),
    "agent": (
        "Здравствуйте! Проверяем и вернёмся с ответом.",
        "Передали коллегам.",
        "Вопрос решён, обращайтесь!",
        "Уточните, пожалуйста, детали.",
    ),
    "bot": ("Здравствуйте! Я бот Омни, попробую помочь.", "Вот что нашлось по вашему вопросу.", "Перевожу на оператора.", "Рад помочь!"),
    "system": ("Обращение изменено.",) * 4,
}


@dataclass
class _Story:
    """Events as they are drawn, in columns; `at` is the row of the ticket."""

    comments: list[pd.DataFrame] = field(default_factory=list)
    statuses: list[pd.DataFrame] = field(default_factory=list)

    def says(self, who: np.ndarray, author: str, moment: np.ndarray, *, public: bool = True) -> None:
        at = np.flatnonzero(who)
        self.comments.append(pd.DataFrame({"at": at, "author": author, "is_public": public, "written_at": moment[at]}))

    def becomes(self, who: np.ndarray, status: str, author: str, moment: np.ndarray) -> None:
        at = np.flatnonzero(who)
        self.statuses.append(pd.DataFrame({"at": at, "new_status": status, "author": author, "changed_at": moment[at]}))


@dataclass(frozen=True)
class Lives:
    """The tickets' own columns, by row of the causes, and what happened to them, by time with `at` the row of the cause."""

    tickets: pd.DataFrame  # priority, employee_id, is_spam, deleted_at, first_response_due_at, resolution_due_at
    comments: pd.DataFrame
    statuses: pd.DataFrame
    ratings: pd.DataFrame


def lives(dice: Dice, causes: pd.DataFrame, shops: pd.DataFrame, *, ends: np.datetime64) -> Lives:
    """The lives of the tickets of `tickets.causes` as far as `ends`."""
    key = tuple(causes[name].to_numpy() for name in ("src", "who", "nth"))
    created, channel = causes["created_at"].to_numpy().astype("datetime64[us]"), causes["channel"].to_numpy()
    by_agent, merged = causes["by_agent"].to_numpy(), (causes["parent"] >= 0).to_numpy()
    priority = dice.choice(PRIORITIES, "priority", *key, weights=PRIORITY_WEIGHTS)
    spam = (causes["person"] < 0).to_numpy() & np.isin(channel, ("email", "form")) & dice.happens(SPAM, "spam", *key) & ~merged
    fate = dice.uniform("fate", *key)
    plain = ~spam & ~merged & ~by_agent
    deleted, unanswered = plain & (fate < DELETED), plain & (fate >= DELETED) & (fate < DELETED + UNANSWERED)
    bot = np.isin(channel, BOT_CHANNELS) & ~by_agent & dice.happens(BOT_ANSWERS, "bot answers", *key)
    about_order = (causes["order"] >= 0).to_numpy()
    alone = bot & plain & ~deleted & ~unanswered & dice.happens(np.where(about_order, BOT_ALONE_ORDER, BOT_ALONE), "bot alone", *key)
    worked = ~(spam | merged | deleted | unanswered | alone)

    story = _Story()
    story.becomes(~by_agent, "new", "client", created)
    story.becomes(by_agent, "open", "agent", created)
    story.says(~by_agent, "client", created)
    story.says(by_agent, "agent", created)
    bot_at = created + seconds(dice.between(4, 40, "bot after", *key))
    story.says(bot, "bot", bot_at)
    solved_by_bot = _alone(dice, story, alone, bot_at, key)
    desk = _desk(dice, channel, bot, bot_at, created, key)
    taken = np.where(
        by_agent, created, np.maximum(desk - seconds(dice.between(20, 120, "takes before", *key)), created + seconds(np.array([45])))
    )
    answer = np.where(by_agent, created, np.maximum(desk, taken + seconds(np.array([10]))))
    story.becomes(worked & ~by_agent, "open", "agent", taken)
    story.says(worked & ~by_agent, "agent", answer)
    story.says(worked & dice.happens(0.12, "internal note", *key), "agent", answer + seconds(np.array([5])), public=False)
    story.becomes(deleted, "deleted", "agent", taken)
    story.becomes(spam & dice.happens(0.5, "spam by rule", *key), "spam", "system", created + seconds(np.array([2])))
    story.becomes(
        spam & ~dice.happens(0.5, "spam by rule", *key),
        "spam",
        "agent",
        when_open(created + seconds(dice.exponential(7200.0, "spam", *key)) + seconds(np.array([60])), seconds(np.full(len(created), 900))),
    )
    story.becomes(
        merged,
        "merged",
        "agent",
        when_open(
            created + seconds(120 + dice.exponential(1800.0, "merged after", *key)),
            seconds(dice.between(60, 2400, "merged in the morning", *key)),
        ),
    )
    solved, reopened = _worked(dice, story, worked, answer, key)
    solved = np.where(alone, solved_by_bot, solved)

    due = causes["created_at"].to_numpy()
    sla = dice.happens(HAS_SLA, "has sla", *key) & ~spam
    first_due = np.where(sla, due + seconds(np.array([FIRST_RESPONSE_HOURS[p] * 3600 for p in priority])), NEVER)
    solve_due = np.where(sla, due + seconds(np.array([RESOLUTION_HOURS[p] * 3600 for p in priority])), NEVER)
    touched = ~(alone | unanswered) & ~spam
    own = pd.DataFrame(
        {
            "priority": priority,
            "employee_id": pd.array(operators(dice, shops, "assignee", *key), dtype="Int64"),
            "is_spam": spam,
            "deleted_at": np.where(deleted, taken, NEVER),
            "first_response_due_at": first_due,
            "resolution_due_at": solve_due,
        }
    )
    own.loc[~touched, "employee_id"] = pd.NA
    cross = reopened | (worked & (answer > first_due)) | (solved > solve_due)
    return Lives(own, _comments(dice, story, causes, own, ends), _statuses(story, own, ends), _ratings(dice, solved, cross, key, ends))


def _alone(dice: Dice, story: _Story, alone: np.ndarray, bot_at: np.ndarray, key: tuple[np.ndarray, ...]) -> np.ndarray:
    """The bot answers once more and solves; the system closes a day later."""
    again = bot_at + seconds(dice.between(20, 240, "asks the bot", *key))
    solved = again + seconds(dice.between(30, 300, "bot solves", *key))
    story.says(alone, "client", again)
    story.says(alone, "bot", again + seconds(np.array([4])))
    story.becomes(alone, "solved", "bot", solved)
    story.becomes(alone, "closed", "system", solved + np.timedelta64(24, "h"))
    return np.where(alone, solved, NEVER)


def _desk(
    dice: Dice, channel: np.ndarray, bot: np.ndarray, bot_at: np.ndarray, created: np.ndarray, key: tuple[np.ndarray, ...]
) -> np.ndarray:
    """When an operator answers first, were he to."""
    mean = np.array([ANSWER_MINUTES[c] for c in channel]) * 60
    start = np.where(bot, bot_at + seconds(dice.between(30, 300, "to an operator", *key)), created)
    start = start + seconds(86400 * dice.between(1, 3, "days", *key)) * dice.happens(TAKES_DAYS, "takes days", *key)
    return when_open(
        start + seconds(60 + dice.exponential(mean, "first answer", *key)), seconds(120 + dice.exponential(2400.0, "morning", *key))
    )


def _worked(
    dice: Dice, story: _Story, worked: np.ndarray, answer: np.ndarray, key: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """From the first answer to the end: -> when solved for good, and whether reopened in between."""
    rounds = dice.index(len(ROUNDS), "rounds", *key, weights=ROUNDS)
    last = answer
    for number in range(1, len(ROUNDS)):
        goes = worked & (rounds >= number)
        waits = goes & dice.happens(WAITS_FOR_CLIENT, "waits for client", *key, number)
        reply = last + seconds(300 + dice.exponential(3 * 3600.0, "client replies", *key, number))
        story.becomes(waits, "pending", "agent", last + seconds(np.array([20])))
        story.becomes(waits, "open", "client", reply)
        story.says(goes, "client", reply)
        back = when_open(
            reply + seconds(120 + dice.exponential(3600.0, "agent replies", *key, number)),
            seconds(dice.between(120, 3000, "morning round", *key, number)),
        )
        story.says(goes, "agent", back)
        last = np.where(goes, back, last)
    others = worked & dice.happens(WAITS_FOR_OTHERS, "waits for others", *key)
    resumed = when_open(
        last + seconds(dice.between(4 * 3600, 4 * 86400, "held for", *key)), seconds(dice.between(60, 3000, "held morning", *key))
    )
    story.becomes(others, "on_hold", "agent", last + seconds(np.array([60])))
    story.becomes(others, "open", "agent", resumed)
    story.says(others, "agent", resumed + seconds(np.array([90])))
    last = np.where(others, resumed + seconds(np.array([90])), last)

    ends_here = worked & ~dice.happens(NEVER_SOLVED, "never solved", *key)
    gone = ends_here & dice.happens(CLIENT_IS_GONE, "client is gone", *key)
    story.becomes(gone, "pending", "agent", last + seconds(np.array([120])))
    solved = np.where(gone, last + np.timedelta64(72, "h"), last + seconds(150 + dice.exponential(900.0, "solves", *key)))
    story.becomes(gone, "solved", "system", solved)
    story.becomes(ends_here & ~gone, "solved", "agent", solved)
    reopened = ends_here & dice.happens(REOPENED, "reopened", *key)
    again = solved + seconds(600 + np.minimum(dice.exponential(20 * 3600.0, "reopened after", *key), 66 * 3600))
    back = when_open(
        again + seconds(300 + dice.exponential(2 * 3600.0, "answered again", *key)), seconds(dice.between(120, 3000, "morning again", *key))
    )
    story.becomes(reopened, "open", "client", again)
    story.says(reopened, "client", again)
    story.says(reopened, "agent", back)
    story.becomes(reopened, "solved", "agent", back + seconds(np.array([180])))
    final = np.where(reopened, back + seconds(np.array([180])), solved)
    story.becomes(ends_here & dice.happens(CLOSED, "closed", *key), "closed", "system", final + np.timedelta64(72, "h"))
    return np.where(ends_here, final, NEVER), reopened


def _by_time(parts: list[pd.DataFrame], column: str, ends: np.datetime64) -> pd.DataFrame:
    """The events until `ends` in the order of time; of one moment, as they were told."""
    made = pd.concat(parts, ignore_index=True)
    made["told"] = np.concatenate([np.full(len(part), number) for number, part in enumerate(parts)])
    made = made[made[column] <= ends]
    return made.sort_values([column, "at", "told"], kind="stable").reset_index(drop=True)


def _comments(dice: Dice, story: _Story, causes: pd.DataFrame, own: pd.DataFrame, ends: np.datetime64) -> pd.DataFrame:
    made = _by_time(story.comments, "written_at", ends)
    nth = made.groupby("at").cumcount().to_numpy()
    at = made["at"].to_numpy()
    which = dice.index(4, "says", *(causes[name].to_numpy()[at] for name in ("src", "who", "nth")), nth)
    made["message"] = [SAYS[author][n] for author, n in zip(made["author"], which, strict=True)]
    made["employee_id"] = own["employee_id"].array[at]
    made.loc[(made["author"] != "agent").to_numpy(), "employee_id"] = pd.NA
    return made


def _statuses(story: _Story, own: pd.DataFrame, ends: np.datetime64) -> pd.DataFrame:
    made = _by_time(story.statuses, "changed_at", ends)
    made["old_status"] = made.groupby("at")["new_status"].shift()
    made = made[made["old_status"].isna() | (made["old_status"] != made["new_status"])].reset_index(drop=True)
    made["employee_id"] = own["employee_id"].array[made["at"].to_numpy()]
    made.loc[(made["author"] != "agent").to_numpy(), "employee_id"] = pd.NA
    return made


def _ratings(dice: Dice, solved: np.ndarray, cross: np.ndarray, key: tuple[np.ndarray, ...], ends: np.datetime64) -> pd.DataFrame:
    rated_at = solved + seconds(60 + dice.exponential(3 * 3600.0, "rates after", *key))
    pleased = 1 + dice.index(5, "pleased", *key, weights=PLEASED)
    score = np.where(cross, 1 + dice.index(5, "cross", *key, weights=CROSS), pleased)
    says = dice.happens(0.3, "rating says", *key)
    by = np.where(dice.happens(BY_WEBHOOK, "rated by", *key), "webhook", "field")
    rates = ~np.isnat(solved) & dice.happens(RATED, "rates", *key) & (rated_at <= ends)
    made = pd.DataFrame(
        {
            "at": np.arange(len(solved)),
            "score": score,
            "comment": np.where(says, np.where(score >= 4, "Спасибо, быстро помогли", "Долго и не по делу"), None),
            "rated_at": rated_at,
            "comes_by": by,
        }
    )[rates]
    return made.sort_values(["rated_at", "at"], kind="stable").reset_index(drop=True)


def subjects(causes: pd.DataFrame, numbers: np.ndarray, spam: np.ndarray) -> pd.DataFrame:
    """subject, type and group_name of each ticket; `numbers` are the orders' numbers, by row of the orders."""
    rows = []
    for topic, order, junk in zip(causes["topic"], causes["order"], spam, strict=True):
        subject, kind, group = tickets.OFFER if junk else tickets.ORDER_TOPICS.get(topic) or tickets.TOPICS[topic]
        if order >= 0:
            subject = subject.format(numbers[order]) if "{}" in subject else f"{subject}, заказ {numbers[order]}"
        rows.append((subject, kind, group))
    return pd.DataFrame(rows, columns=["subject", "type", "group_name"])
