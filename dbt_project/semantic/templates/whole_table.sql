{{{{ config(database='relations') }}}}
-- Generated. The published table with every {others} beside every {keys};
-- {facts}, which belongs to the latter, is told also where the table has no row.
select
    {named_keys},
    {named_others},
    {named_facts},
    told.* exclude ({excluded})
from (select {keys}, {maxima} from omnimart.marts.{name} group by all) as keys
cross join (select distinct {others} from omnimart.marts.{name}) as others
left join omnimart.marts.{name} as told
    on {joined}
