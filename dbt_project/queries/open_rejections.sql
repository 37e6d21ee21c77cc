-- Records in quarantine that no version as new or newer of has been accepted, of a vendor, a list and a key where they are given ($1, $2,
-- $3; NULL is any), with so many characters of the payload ($4; NULL is all). One row per record, the newest version of it.
select
    source_system,
    source_account,
    resource,
    document_key,
    version_at,
    problem,
    coalesce(left(rejected_payload, $4), rejected_payload, '') as payload,
    coalesce(length(rejected_payload), 0) as payload_length
from intermediate.int_rejections
where is_open
    and source_system = coalesce($1, source_system)
    and resource = coalesce($2, resource)
    and document_key = coalesce($3, document_key)
qualify row_number() over (
    partition by source_system, source_account, resource, document_key
    order by version_at desc, load_id desc, problem
) = 1
order by source_system, source_account, resource, document_key
