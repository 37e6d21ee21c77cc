with

verdicts as (
    select * from {{ ref('int_verdicts') }}
),

accepted as (
    select source_system, source_account, resource, document_key, max(version_at) as accepted_at
    from verdicts
    where is_accepted
    group by source_system, source_account, resource, document_key
),

final as (
    select
        rejected.source_system,
        rejected.source_account,
        rejected.resource,
        rejected.document_key,
        rejected.version_at,
        rejected.load_id,
        rejected.loaded_at,
        rejected.problem,
        rejected.problem_column,
        rejected.rejected_payload,
        coalesce(accepted.accepted_at < rejected.version_at, true) as is_open
    from verdicts as rejected
    left join accepted
        on rejected.source_system = accepted.source_system
            and rejected.source_account = accepted.source_account
            and rejected.resource = accepted.resource
            and rejected.document_key = accepted.document_key
    where not rejected.is_accepted
)

select * from final
