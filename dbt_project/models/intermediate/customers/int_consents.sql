-- What people agreed to, as each vendor states it; a brand or topic that two vendors call by two names is one by the seed
-- value_mappings (fields `brand` and `topic`), and one without a mapping keeps its own name. One row per profile, channel,
-- topic, contact point and change.
with records as (
    {{ canonical_union('consents', [
        'stg_retailcrm__consents',
        'stg_mindbox__consents',
    ]) }}
),

final as (
    select
        records.source_system || ':' || records.source_account || ':' || records.source_record_id as profile_id,
        records.source_system,
        records.source_account,
        records.source_record_id,
        records.channel,
        coalesce(topic_of_account.mapped_to, topic_of_vendor.mapped_to, records.topic) as topic,
        coalesce(brand_of_account.mapped_to, brand_of_vendor.mapped_to, records.brand) as brand,
        records.contact_point,
        records.is_subscribed,
        records.changed_at,
        records.seen_at
    from records
    {{ mapped('topic', 'records.source_system', 'records.topic') }}
    {{ mapped('brand', 'records.source_system', 'records.brand') }}
)

select * from final
