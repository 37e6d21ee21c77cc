-- What a refresh rejected, met without a mapping, found changed in vendors' documents, and made of customers, of the warehouse that it
-- built. `known`, `known_fields` and `known_events` are the quarantine, the vendors' fields and the events of customers of the version
-- before. (kind, name, news, standing): news are rows that the version before had not, standing all that there are.
with rejections as (
    select
        'rejected' as kind,
        quarantine.source_system || ' ' || quarantine.resource || ': ' || quarantine.reason as name,
        count(*) filter (where known.source_record_id is null) as news,
        count(*) as standing
    from marts.quarantine as quarantine
    left join known
        on quarantine.source_system = known.source_system
            and quarantine.source_account = known.source_account
            and quarantine.resource = known.resource
            and quarantine.source_record_id = known.source_record_id
            and quarantine.version_at = known.version_at
    where quarantine.status = 'open'
    group by all
),

words as (
    select 'unmapped' as kind, source_system || ' ' || field || ' ' || value as name, cast(null as bigint) as news, sum(records) as standing
    from marts.unmapped_values
    group by all
),

drifts as (
    select
        'fields' as kind,
        fields.source_system || ' ' || fields.resource || ' ' || fields.change || ': ' || fields.field_path || ' ('
        || string_agg(fields.field_type, ', ' order by fields.field_type) || case when fields.is_read_by_us then '), read by us' else ')' end as name,
        cast(null as bigint) as news,
        cast(null as bigint) as standing
    from marts.vendor_fields as fields
    left join known_fields using (source_system, resource, field_path, field_type, change)
    where fields.change is not null and known_fields.change is null
    group by fields.source_system, fields.resource, fields.change, fields.field_path, fields.is_read_by_us
),

customers as (
    select 'customers' as kind, events.event_type as name, count(*) as news, cast(null as bigint) as standing
    from marts.identity_events as events
    where not exists (
        select 1 from known_events
        where known_events.event_at = events.event_at
            and known_events.event_type = events.event_type
            and known_events.customer_id = events.customer_id
            and known_events.other_customer_id is not distinct from events.other_customer_id
    )
    group by all
),

told as (
    select * from rejections
    union all
    select * from words
    union all
    select * from drifts
    union all
    select * from customers
)

select kind, name, news, standing from told
order by kind, news desc nulls last, standing desc, name
