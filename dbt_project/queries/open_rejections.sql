-- Records in quarantine that no version as new or newer of has been accepted. One row per record.
select
    source_system,
    source_account,
    resource,
    document_key,
    version_at,
    problem
from intermediate.int_rejections
where is_open
order by source_system, source_account, resource, document_key, version_at
