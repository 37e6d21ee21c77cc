-- Publishing adds the rows of the version it makes (orchestration/restatements.py), so the published table is one version ahead.
select
    kpi_id,
    period,
    dimensions,
    old_value,
    new_value,
    version,
    cause
from {{ published_table('restatements') }} as restatements
where period > {{ days_before_as_of(rule('publishing.restatements_kept_days')) }}
