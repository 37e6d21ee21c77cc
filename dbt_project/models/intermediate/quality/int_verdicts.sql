{{ config(materialized='view') }}
{% set vendors = [
    'stg_retailcrm__verdicts',
    'stg_moysklad__verdicts',
    'stg_one_c__verdicts',
    'stg_mindbox__verdicts',
    'stg_telphin__verdicts',
    'stg_yandex_metrica__verdicts',
    'stg_usedesk__verdicts',
    'stg_file_drop__verdicts',
    'stg_calltouch__verdicts',
    'stg_wildberries__verdicts',
    'stg_abm_loyalty__verdicts',
] %}

{%- for vendor in vendors %}
select
    source_system, source_account, resource, document_key, version_at, load_id, loaded_at, operation,
    is_accepted, problem, problem_column, rejected_payload
from {{ ref(vendor) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
