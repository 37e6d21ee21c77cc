select
    kpi_id,
    name_en,
    name_ru,
    definition,
    formula,
    unit,
    grain,
    mart,
    mart_column,
    numerator_column,
    denominator_column,
    additive,
    owner,
    source_document,
    definition_ru,
    asked_as
from {{ ref('registered_kpis') }}
