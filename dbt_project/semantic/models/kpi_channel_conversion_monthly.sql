{{ config(database='relations') }}
-- Generated. The published table with every to_channel beside every month, from_channel;
-- followed_purchases, which belongs to the latter, is told also where the table has no row.
select
    keys.month,
    keys.from_channel,
    others.to_channel,
    keys.followed_purchases,
    told.* exclude (month, from_channel, to_channel, followed_purchases)
from (select month, from_channel, max(followed_purchases) as followed_purchases from omnimart.marts.kpi_channel_conversion_monthly group by all) as keys
cross join (select distinct to_channel from omnimart.marts.kpi_channel_conversion_monthly) as others
left join omnimart.marts.kpi_channel_conversion_monthly as told
    on told.month is not distinct from keys.month and told.from_channel is not distinct from keys.from_channel and told.to_channel is not distinct from others.to_channel
