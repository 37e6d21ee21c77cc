-- What one unit of a currency is worth in the reporting currency, from day to day; the reporting currency itself is
-- always worth 1. One row per currency and period of validity.
{{ config(materialized='view') }}

with seeded as (
    select * from {{ ref('exchange_rates') }}
),

final as (
    select
        currency,
        cast(rate as double) as rate,
        cast(valid_from as date) as valid_from,
        coalesce(
            lead(cast(valid_from as date)) over (partition by currency order by valid_from),
            cast('9999-12-31' as date)
        ) as valid_before
    from seeded
    where currency <> '{{ rule('business.currency') }}'

    union all

    select
        cast('{{ rule('business.currency') }}' as {{ dbt.type_string() }}) as currency,
        cast(1 as double) as rate,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_before
)

select * from final
