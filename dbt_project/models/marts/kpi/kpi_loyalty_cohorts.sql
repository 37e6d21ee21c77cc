-- What became of the points issued in a month, at the end of every month since (int_point_cohorts tells how). In the running month, whose
-- end nobody knows, nothing is told but what was issued: an age that has just begun would look like one in which little was redeemed.
with cohorts as (
    select * from {{ ref('int_point_cohorts') }}
),

final as (
    select
        issue_month,
        age_months,
        month,
        is_month_over,
        points_credited,
        case when is_month_over then points_cancelled end as points_cancelled,
        case when is_month_over then points_issued end as points_issued,
        case when is_month_over then points_redeemed end as points_redeemed,
        case when is_month_over then {{ ratio('points_redeemed', 'points_issued') }} end as redeemed_share,
        case when is_month_over then points_expired end as points_expired,
        case when is_month_over then {{ ratio('points_expired', 'points_issued') }} end as expired_share,
        case when is_month_over then points_removed end as points_removed,
        case when is_month_over then points_remaining end as points_remaining,
        case when is_month_over then {{ ratio('points_remaining', 'points_issued') }} end as remaining_share
    from cohorts
)

select * from final
