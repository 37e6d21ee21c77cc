"""The register is complete: every KPI that the retailers' documents and the field ask for stands in it, with its parts."""

import re

from orchestration import register

# What was asked for and in which column it is published; a KPI with several columns names them all.
ASKED_FOR = """
kpi_subscribers_daily: new_subscribers
kpi_messaging_daily: open_rate open_rate_human click_through_rate unsubscribe_rate spam_complaint_rate sent delivered hard_bounced
    soft_bounced attributed_orders attributed_revenue engagement_rate minutes_to_open_p50 minutes_to_click_p50 delivery_rate
    hard_bounce_rate soft_bounce_rate click_to_open_rate
kpi_contact_pressure_daily: messages_7d messages_30d over_cap_share duplicate_message_share messages_after_opt_out
kpi_trigger_monthly: conversion_rate revenue
kpi_channel_fallback_monthly: fallback_rate
kpi_calls_daily: service_level answer_rate wait_p50 wait_p90
kpi_service_daily: csat sla_attainment bot_resolved_share contacts_per_order repeat_contact_other_channel_share tickets_created
    first_response_minutes_p50 first_response_minutes_p90 first_response_business_minutes_p50 first_response_business_minutes_p90
    first_resolution_minutes_p50 first_resolution_minutes_p90 first_resolution_business_minutes_p50
    first_resolution_business_minutes_p90 full_resolution_minutes_p50 full_resolution_minutes_p90
    full_resolution_business_minutes_p50 full_resolution_business_minutes_p90
kpi_loyalty_monthly: participation_rate transaction_participation_rate average_tenure_days redemption_rate points_expired breakage_rate
    average_points_redeemed_per_transaction member_spend_per_transaction cost_per_point cost_per_point_at_cost active_member_rate
    redeeming_member_rate spend_per_member unspent_rate liability_management liability_ifrs15 balance_difference
kpi_loyalty_cohorts: redeemed_share
kpi_programme_effect: value_before value_after
kpi_sales_daily: average_order_value discount_rate personal_discount_share payout_amount units_per_order identified_share gross_amount
    returns_amount
kpi_customer_value_monthly: average_order_value purchase_frequency churn_rate site_engagement_rate visit_frequency repeat_rate
    reactivated_customers
kpi_cohort_retention: retention_rate
kpi_feedback_monthly: nps csi detractor_followup_share detractor_repurchase_share
customer_360: clv_historic_revenue clv_historic_margin clv_simple_margin clv_predicted_12m_margin
kpi_channel_conversion_monthly: conversion_rate session_conversion_rate visitor_conversion_rate
kpi_identity_daily: profile_completeness profiles_per_customer multi_source_share identified_receipt_share
kpi_funnel_daily: customers sessions abandoned_carts recovered_carts
kpi_fulfilment_daily: delivery_days_p50 on_time_share collected_share return_rate cross_channel_return_share
kpi_conversion_paths: orders median_days_to_conversion
kpi_attribution_monthly: credited_orders credited_revenue roi source_known_share cost_per_order impressions clicks cost
kpi_omnichannel_monthly: omnichannel_share uplift_average_order_value uplift_ltv uplift_revenue uplift_repeat_visits
kpi_segments_daily: customers
kpi_store_monthly: net_revenue
kpi_employee_monthly: net_revenue
kpi_stock_daily: availability oversold_lines stock_turnover
"""
CYRILLIC = re.compile("[А-Яа-яЁё]")
# As the documents write them, Russian ones too.
BY_THEIR_OWN_NAME = {
    "Bounced (hard)", "Bounced (soft)", "Open Rate", "Click-Through Rate", "Click-to-Open Rate", "Participation rate", "Tenure",
    "Redemption rate", "Breaking rate", "SLA (service desk)", "NPS", "CSI",
}


def asked_for():
    mart = None
    for word in ASKED_FOR.split():
        if word.endswith(":"):
            mart = word[:-1]
        else:
            yield f"{mart}.{word}"


def test_every_kpi_that_is_asked_for_is_registered():
    registered = {f"{kpi.mart}.{kpi.mart_column}" for kpi in register.kpis()}
    assert [place for place in asked_for() if place not in registered] == []


def test_no_two_kpis_have_one_name():
    ids = [kpi.kpi_id for kpi in register.kpis()]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []
    named = [(kpi.mart, kpi.name_en) for kpi in register.kpis()]
    assert sorted({one for one in named if named.count(one) > 1}) == []


def test_every_kpi_is_named_and_explained_in_russian():
    bare = [kpi.kpi_id for kpi in register.kpis() if not CYRILLIC.search(kpi.name_ru) and kpi.name_ru not in BY_THEIR_OWN_NAME]
    assert bare == []
    only_columns = {"stock_oversold_lines"}
    assert [kpi.kpi_id for kpi in register.kpis() if not CYRILLIC.search(kpi.definition_ru)] == sorted(only_columns)


def test_a_ratio_names_both_parts_and_its_formula_is_made_of_them():
    for kpi in register.kpis():
        assert bool(kpi.numerator_column) == bool(kpi.denominator_column), kpi.kpi_id
        if kpi.is_ratio:
            assert kpi.scale, kpi.kpi_id
            assert kpi.additive == "no", f"{kpi.kpi_id} is a ratio, and no ratio adds up"


def test_what_does_not_add_up_names_columns_of_its_grain():
    for mart in register.marts().values():
        for kpi in mart.kpis:
            assert mart.sums(kpi.mart_column).named <= set(mart.grain), kpi.kpi_id
        assert set(mart.parts_additive) <= {*mart.parts, "others"}, f"{mart.name} says how a column sums that is no part, or is registered"
