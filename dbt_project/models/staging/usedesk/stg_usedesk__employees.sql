with

agents as (
    {{ live_documents('usedesk', 'agents') }}
),

final as (
    select
        source_system,
        source_account,
        agent_id as source_record_id,
        name,
        email,
        phone
    from agents
)

select * from final
