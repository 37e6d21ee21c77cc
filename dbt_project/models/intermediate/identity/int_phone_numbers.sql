-- What a phone number is in E.164, for every spelling met so far (NULL: no number can be read from it). Parsing is the
-- slow part of identity, so a spelling is parsed once in its life; one row per spelling.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

with spellings as (
    select distinct identifier_value as written
    from {{ ref('int_identifiers__united') }}
    where identifier_type = 'phone' and identifier_value is not null

    union

    select distinct contact_point as written
    from {{ ref('int_consents') }}
    where channel in ('sms', 'messenger') and contact_point is not null
),

final as (
    {{ phones_read_once() }}
)

select * from final
