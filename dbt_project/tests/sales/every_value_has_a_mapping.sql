{{ config(severity='warn') }}
-- Words of vendors that seeds/value_mappings.csv (of currencies: seeds/exchange_rates.csv) does not know; their facts stand as
-- unknown until a row is added.
select * from {{ ref('unmapped_values') }}
