with

verdicts as (
    select * from {{ ref('int_verdicts') }}
),

rejected as (
    select * from verdicts
    where not is_accepted
),

accepted as (
    select
        verdicts.source_system,
        verdicts.source_account,
        verdicts.resource,
        verdicts.document_key,
        max(verdicts.version_at) as accepted_at
    from rejected
    inner join verdicts
        on rejected.source_system = verdicts.source_system
            and rejected.source_account = verdicts.source_account
            and rejected.resource = verdicts.resource
            and rejected.document_key = verdicts.document_key
            and verdicts.is_accepted
    group by verdicts.source_system, verdicts.source_account, verdicts.resource, verdicts.document_key
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
    from rejected
    left join accepted
        on rejected.source_system = accepted.source_system
            and rejected.source_account = accepted.source_account
            and rejected.resource = accepted.resource
            and rejected.document_key = accepted.document_key
)

select * from final
