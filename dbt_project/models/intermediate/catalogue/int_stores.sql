-- One store, of each attribute what the best ranked record says; one row per store.
with records as (
    select
        *,
        row_number() over (
            partition by store_id
            order by case when record_key = store_id then 0 else 1 end, record_key
        ) as record_place
    from {{ ref('int_store_records') }}
),

final as (
    select
        store_id,
        {{ preferred('external_id', 'record') }} as external_id,
        {{ preferred('name', 'record') }} as name,
        {{ preferred('region', 'record') }} as region,
        {{ preferred('city', 'record') }} as city,
        {{ preferred('address', 'record') }} as address,
        {{ preferred('format', 'record') }} as format,
        {{ preferred('time_zone', 'record') }} as time_zone,
        {{ preferred('is_franchise', 'record') }} as is_franchise,
        {{ preferred('opened_on', 'record') }} as opened_on,
        {{ preferred('closed_on', 'record') }} as closed_on,
        {{ preferred('kind', 'record') }} as kind,
        count(distinct source_system) as systems_count
    from records
    group by store_id
)

select * from final
