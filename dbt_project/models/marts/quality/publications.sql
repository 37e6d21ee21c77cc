-- Publishing adds the row of the version it makes, so the published table is one row ahead of this one.
select
    version,
    published_at,
    refresh_id,
    tables,
    {{ adapter.quote('rows') }},
    audits_passed,
    previous_version,
    stale_sources
from {{ published_table('publications') }} as publications
