"""Every window, threshold, weight and cap that a number depends on, with its default and its limits.

    business_rules.yml ──► business_rules.read() ──► BusinessRules

A section of the file is a class here, a rule a field of it. The definitions that the rules belong to stand in kpi_register.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Days = Annotated[int, Field(ge=1, le=3660)]
Hours = Annotated[float, Field(ge=0, le=8784)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Attribute = Literal["name", "sex", "birth_date", "city", "address", "email", "phone", "loyalty_card", "acquisition_channel"]
Priority = Literal["urgent", "high", "medium", "low"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


def known_zone(name: str) -> str:
    """The name as it is; a ValueError with a sentence when no clock goes by it."""
    if name not in available_timezones():
        raise ValueError(f"'{name}' is no time zone of the IANA list (such as Europe/Moscow or Asia/Yekaterinburg)")
    return name


def rising(edges: tuple[int, ...], name: str, example: str) -> tuple[int, ...]:
    """The edges as they are; a ValueError with a sentence when they do not rise."""
    if list(edges) != sorted(set(edges)) or not edges or edges[0] < 1:
        raise ValueError(f"{name} must rise from 1 or more, such as {example}")
    return edges


class Business(_Section):
    timezone: str = "Europe/Moscow"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "RUB"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return known_zone(name)


class Schedule(_Section):
    refresh_at: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "02:00"


class Vendors(_Section):
    required: tuple[str, ...] = ()
    publish_without_for_hours: Hours = 36
    publish_without_for_hours_by_vendor: dict[str, Hours] = Field(default_factory=dict)
    field_missed_days: Days = 3


class FirstLoad(_Section):
    minutes_before_publish: Annotated[float, Field(gt=0)] = 5
    minutes_per_refresh: Annotated[float, Field(gt=0)] = 30


class Publishing(_Section):
    versions_kept: Annotated[int, Field(ge=2, le=400)] = 5
    restatements_kept_days: Days = 400
    readable_by: Literal["owner", "group", "everybody"] = "group"


class Retention(_Section):
    lake_superseded_days: Literal["forever"] | Days = "forever"
    lake_small_files: Annotated[int, Field(ge=2, le=10_000)] = 30
    runs_kept_days: Days = 90
    audits_kept: Annotated[int, Field(ge=1, le=4000)] = 30
    reports_kept: Annotated[int, Field(ge=1, le=4000)] = 90


class Sales(_Section):
    omnichannel_window_days: Days = 365
    frequency_band_edges: tuple[int, ...] = (1, 2, 3, 5, 10)
    like_for_like_full_months: Count = 13
    like_for_like_history_days: Days = 3
    mirror_window_days: Days = 7
    mirror_moment_seconds: Annotated[int, Field(ge=0, le=86400)] = 120
    gift_card_categories: tuple[str, ...] = ("Подарочные карты", "Подарочные сертификаты", "Gift cards")

    @field_validator("frequency_band_edges")
    @classmethod
    def _rising(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        return rising(edges, "frequency_band_edges", "[1, 2, 3, 5, 10] for the bands none, 1, 2, 3–4, 5–9, 10+")


class Messaging(_Section):
    attribution_days: Days = 5
    machine_click_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    open_rate_good_low: Share = 0.20
    open_rate_good_high: Share = 0.25
    fallback_ignored_messages: Count = 5
    fallback_reaction_days: Days = 7


class ContactPressure(_Section):
    cap_7_days: Count = 4
    cap_30_days: Count = 12
    duplicate_window_hours: Hours = 24
    band_edges: tuple[int, ...] = (1, 3, 5, 8)

    @field_validator("band_edges")
    @classmethod
    def _rising(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        return rising(edges, "band_edges", "[1, 3, 5, 8] for the bands 0, 1–2, 3–4, 5–7, 8+")


class Triggers(_Section):
    conversion_days: Days = 7
    abandoned_cart_hours: Hours = 24
    recovered_cart_days: Days = 7


class Loyalty(_Section):
    active_member_days: Days = 365
    balance_tolerance_points: Annotated[float, Field(ge=0)] = 0.01
    programme_effect_days: Days = 180
    programme_matching_orders: Annotated[int, Field(ge=1)] = 3
    mirror_window_minutes: Count = 10
    points_valid_months: Count = 12
    tail_pace_months: Annotated[int, Field(ge=1)] = 3


class Channels(_Section):
    conversion_hours_without_order: Hours = 24
    conversion_days: Days = 7
    repurchase_window_days: Days = 365
    uplift_window_days: Days = 182


class Lifecycle(_Section):
    new_days: Days = 60
    at_risk_quantile: Share = 0.80
    lapsed_quantile: Share = 0.95
    lapsed_fallback_days: Days = 365
    running_gaps_at_least: Annotated[int, Field(ge=1)] = 30

    @model_validator(mode="after")
    def _in_order(self) -> Lifecycle:
        if self.at_risk_quantile >= self.lapsed_quantile:
            raise ValueError("at_risk_quantile must be below lapsed_quantile: a customer is at risk before they have lapsed")
        return self


class CustomerValue(_Section):
    assumed_margin_share: Share = 0.40
    discount_rate_per_year: Share = 0.10
    lifespan_years_at_most: Annotated[float, Field(gt=0)] = 5
    predicted_months: Annotated[int, Field(ge=1, le=60)] = 12
    rfm_bins: Annotated[int, Field(ge=2, le=10)] = 5
    rfm_middle_share: Share = 0.4
    rfm_high_share: Share = 0.6
    rfm_window_days: Days = 365
    fit_repeat_customers_at_least: Annotated[int, Field(ge=10)] = 100
    holdout_days: Days = 182
    margin_window_days: Days = 365

    @model_validator(mode="after")
    def _levels_in_order(self) -> CustomerValue:
        if not self.rfm_middle_share <= self.rfm_high_share < 1:
            raise ValueError("rfm_middle_share must not be above rfm_high_share, and that must be below 1: the best score is high")
        return self


class Attribution(_Section):
    window_days: Days = 90
    half_life_days: Annotated[float, Field(gt=0)] = 7
    click_opens_visit_minutes: Count = 30
    position_first: Share = 0.4
    position_last: Share = 0.4
    insignificant_channels: tuple[Annotated[str, Field(pattern="^[a-z_]+$")], ...] = ("direct", "internal")
    fit_months: Annotated[int, Field(ge=1, le=24)] = 3

    @model_validator(mode="after")
    def _leaves_something(self) -> Attribution:
        if self.position_first + self.position_last > 1:
            raise ValueError("position_first and position_last are shares of one order: together they are at most 1")
        return self


class Service(_Section):
    schedule: str = "contact_centre"
    time_zone: str = ""
    first_response_targets: dict[Priority, Count] = {"urgent": 60, "high": 120, "medium": 240, "low": 480}
    resolution_targets: dict[Priority, Count] = {"urgent": 240, "high": 480, "medium": 1440, "low": 2880}
    answer_within_seconds: Count = 20
    call_back_within_minutes: Count = 15
    call_match_seconds: Count = 10
    repeat_contact_days: Days = 7
    order_contact_days: Days = 30
    opening_comment_seconds: Count = 60
    sales_queues: tuple[str, ...] = ("sales",)

    @field_validator("first_response_targets", "resolution_targets", mode="before")
    @classmethod
    def _others_keep_their_default(cls, written: Any, info: ValidationInfo) -> Any:
        return {**cls.model_fields[info.field_name].default, **written} if isinstance(written, dict) else written

    @field_validator("schedule")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"\w+", name):
            raise ValueError("a schedule is one word, such as contact_centre; the seed business_hours lists the ones there are")
        return name

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return name and known_zone(name)


class Surveys(_Section):
    promoters_top_scores: Annotated[int, Field(ge=1)] = 2
    detractors_up_to: Annotated[int, Field(ge=0)] = 6
    margin_standard_errors: Annotated[float, Field(gt=0)] = 1.96
    csat_top_scores: Annotated[int, Field(ge=1)] = 2
    csat_top_scores_by_scale_points: dict[int, Annotated[int, Field(ge=1)]] = {2: 1, 3: 1}
    detractor_followup_days: Days = 3
    detractor_repurchase_days: Days = 90


class Stock(_Section):
    active_days: Days = 90
    turnover_days: Days = 365


class Identity(_Section):
    records_per_identifier: Annotated[int, Field(ge=2)] = 50
    names_per_identifier: Annotated[int, Field(ge=1)] = 6
    nameless_per_identifier: Annotated[int, Field(ge=1)] = 10
    number_rests_days: Days = 180
    link_weight: float = 8
    ask_weight: float = 2
    cluster_size_limit: Annotated[int, Field(ge=2)] = 20
    block_size_limit: Annotated[int, Field(ge=2)] = 200
    records_per_birth_date: Annotated[int, Field(ge=2)] = 20
    share_per_birth_date: Share = 0.001
    model_change_limit: Share = 0.01
    evidence_minutes_after_session: Count = 30
    expected_attributes: tuple[Attribute, ...] = ("name", "sex", "birth_date", "city", "email", "phone")

    @model_validator(mode="after")
    def _asks_below_the_link(self) -> Identity:
        if self.ask_weight > self.link_weight:
            raise ValueError("ask_weight must not be above link_weight: what links is not asked about")
        return self


class BusinessRules(_Section):
    """All rules, by section; a rule's name is `section.rule`."""

    business: Business = Business()
    schedule: Schedule = Schedule()
    vendors: Vendors = Vendors()
    first_load: FirstLoad = FirstLoad()
    publishing: Publishing = Publishing()
    retention: Retention = Retention()
    sales: Sales = Sales()
    messaging: Messaging = Messaging()
    contact_pressure: ContactPressure = ContactPressure()
    triggers: Triggers = Triggers()
    loyalty: Loyalty = Loyalty()
    channels: Channels = Channels()
    lifecycle: Lifecycle = Lifecycle()
    customer_value: CustomerValue = CustomerValue()
    attribution: Attribution = Attribution()
    service: Service = Service()
    surveys: Surveys = Surveys()
    stock: Stock = Stock()
    identity: Identity = Identity()

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.business.timezone)

    def publish_without_for_hours(self, vendor: str) -> float:
        """How old a vendor's last successful contact may be for marts to be published without a newer one."""
        return self.vendors.publish_without_for_hours_by_vendor.get(vendor, self.vendors.publish_without_for_hours)

    def as_vars(self) -> dict[str, Any]:
        """The rules as dbt's var `rules`: {section: {rule: value}}."""
        return self.model_dump(mode="json")
