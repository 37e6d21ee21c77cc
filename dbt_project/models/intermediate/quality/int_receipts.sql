{% set vendors = [
    'stg_retailcrm__receipts',
    'stg_moysklad__receipts',
    'stg_one_c__receipts',
    'stg_mindbox__receipts',
    'stg_telphin__receipts',
    'stg_yandex_metrica__receipts',
    'stg_usedesk__receipts',
    'stg_file_drop__receipts',
    'stg_calltouch__receipts',
    'stg_wildberries__receipts',
    'stg_abm_loyalty__receipts',
] %}

with

receipts as (
    {%- for vendor in vendors %}
    select source_system, source_account, resource, document_key, version_at, load_id, loaded_at
    from {{ ref(vendor) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        source_system,
        source_account,
        resource,
        document_key,
        version_at,
        load_id,
        max(loaded_at) as loaded_at,
        count(*) as copies
    from receipts
    group by source_system, source_account, resource, document_key, version_at, load_id
)

select * from final
