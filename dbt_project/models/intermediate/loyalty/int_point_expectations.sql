-- How much of the points that are left is expected to be redeemed, as it could be known then. Of all cohorts together, of the points
-- that a month of age began with, a share is redeemed in it and a share is left after it (chain ladder over the ages in months, over the
-- months that were over by then); what is left at an age is redeemed with the shares of the ages that follow.
-- Ages that no cohort has reached yet: until the age at which the programme's points expire (rule loyalty.points_valid_months) they go on
-- as at the oldest loyalty.tail_pace_months ages that were seen, and what is left then expires. Points that are seen to outlive that age
-- show that it is not the last: they are thought to outlive it as long again, a month when they are first seen to, at the pace of all ages
-- from it on (of the oldest few at least). So nothing jumps where the rule is a month or a year too short; that an age is over for good is
-- told by what expired at it. Where the rule says that points never expire (0), all that nobody has seen the end of is owed. What nobody
-- has seen is assumed, so that part of the expected share is told beside it (unseen_share).
-- In the running month the age that has begun still lies ahead.
-- One row per issue month and month.
{{ config(materialized='view') }}
{%- set valid_months = rule('loyalty.points_valid_months') %}

with cohorts as (
    select * from {{ ref('int_point_cohorts') }}
),

development as (
    select
        month,
        age_months,
        is_month_over,
        coalesce(
            lag(points_remaining) over (partition by issue_month order by age_months), points_issued
        ) as points_exposed,
        points_redeemed - coalesce(lag(points_redeemed) over (partition by issue_month order by age_months), 0) as points_redeemed,
        points_remaining
    from cohorts
),

months as (
    select distinct month from cohorts
),

observed as (
    select
        months.month,
        development.age_months,
        sum(development.points_exposed) as points_exposed,
        sum(development.points_redeemed) as points_redeemed,
        sum(development.points_remaining) as points_remaining,
        max(development.age_months) over (partition by months.month) as oldest_age,
        sum(development.points_redeemed) / sum(development.points_exposed) as redeemed_share,
        -- none left is as good as none: its logarithm is asked for, and it must not show in twelve digits
        greatest(sum(development.points_remaining) / sum(development.points_exposed), 1e-15) as left_share
    from months
    inner join development on development.month <= months.month
    where development.is_month_over
    group by months.month, development.age_months
    having sum(development.points_exposed) > 0
),

pace as (
    select
        month,
        max(greatest({{ valid_months }} - oldest_age, oldest_age - {{ valid_months }} + 1)) as months_to_go,
        greatest(sum(points_redeemed) / sum(points_exposed), 0) as redeemed_share,
        least(sum(points_remaining) / sum(points_exposed), 1) as left_share
    from observed
    where age_months > least(oldest_age - {{ rule('loyalty.tail_pace_months') }}, {{ valid_months }} - 1)
    group by month
),

-- Of the points that outlive the oldest age that was seen, what is redeemed later: a geometric sum over the ages up to their last.
tails as (
    select
        month,
        case
            when {{ valid_months }} = 0 then 1.0
            when left_share = 1 then 0.0
            else least(redeemed_share * (1 - power(left_share, months_to_go)) / (1 - left_share), 1.0)
        end as redeemed_share
    from pace
),

survival as (
    select
        month,
        age_months,
        redeemed_share,
        exp(sum(ln(left_share)) over (
            partition by month order by age_months rows between unbounded preceding and current row
        )) as alive_after,
        exp(coalesce(sum(ln(left_share)) over (
            partition by month order by age_months rows between unbounded preceding and 1 preceding
        ), 0)) as alive_before
    from observed
),

prospects as (
    select
        month,
        age_months,
        alive_after,
        coalesce(sum(alive_before * redeemed_share) over (
            partition by month order by age_months rows between 1 following and unbounded following
        ), 0) as redeemed_later,
        sum(alive_before * redeemed_share) over (partition by month) as redeemed_at_all,
        first_value(alive_after) over (partition by month order by age_months desc) as alive_at_last
    from survival
),

at_birth as (
    select
        prospects.month,
        greatest(
            least(round(max(prospects.redeemed_at_all) + max(prospects.alive_at_last * tails.redeemed_share), 12), 1), 0
        ) as expected_share,
        least(round(max(prospects.alive_at_last * tails.redeemed_share), 12), 1) as unseen_share
    from prospects
    inner join tails on prospects.month = tails.month
    group by prospects.month
),

left_at_age as (
    select
        prospects.month,
        prospects.age_months,
        prospects.redeemed_later / prospects.alive_after as seen_share,
        prospects.alive_at_last * tails.redeemed_share / prospects.alive_after as unseen_share,
        -- an age at which no cohort had a point left is told by the one before it
        coalesce(lead(prospects.age_months) over (partition by prospects.month order by prospects.age_months), 9999) as next_age
    from prospects
    inner join tails on prospects.month = tails.month
),

final as (
    select
        cohorts.issue_month,
        cohorts.month,
        cohorts.points_issued,
        first_value(cohorts.points_issued) over (partition by cohorts.issue_month order by cohorts.month) as points_issued_at_first,
        cohorts.points_redeemed,
        cohorts.points_remaining,
        greatest(least(
            round(coalesce(left_at_age.seen_share + left_at_age.unseen_share, at_birth.expected_share, 1), 12), 1
        ), 0) as expected_share,
        coalesce(at_issue.expected_share, 1) as expected_share_at_issue,
        least(round(coalesce(left_at_age.unseen_share, at_birth.unseen_share, 1), 12), 1) as unseen_share
    from cohorts
    left join left_at_age
        on cohorts.month = left_at_age.month
            and cohorts.age_months - case when cohorts.is_month_over then 0 else 1 end >= left_at_age.age_months
            and cohorts.age_months - case when cohorts.is_month_over then 0 else 1 end < left_at_age.next_age
    left join at_birth on cohorts.month = at_birth.month
    left join at_birth as at_issue on cohorts.issue_month = at_issue.month
)

select * from final
