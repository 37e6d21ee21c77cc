-- Every store record that any system tells of or only mentions, and the store that it is; one row per record.
-- A place that only an order, a return or a stock row mentions is a record too.
with told as (
    select * from {{ ref('int_stores__united') }}
),

mentioned as (
    select
        source_system || ':' || source_account || ':' || store_record_id as record_key,
        source_system,
        source_account,
        store_record_id as source_record_id
    from {{ ref('int_orders__united') }}
    where store_record_id is not null
    union
    select store_key as record_key, source_system, source_account, store_record_id as source_record_id
    from {{ ref('int_returns__united') }}
    where store_record_id is not null
    union
    select store_key as record_key, source_system, source_account, store_record_id as source_record_id
    from {{ ref('int_stock_levels__united') }}
    where store_record_id is not null
),

precedence as (
    select * from {{ ref('field_precedence') }}
    where entity = 'stores' and field = 'record'
),

together as (
    select
        record_key,
        source_system,
        source_account,
        source_record_id,
        external_id,
        name,
        region,
        city,
        address,
        format,
        time_zone,
        is_franchise,
        opened_on,
        closed_on,
        kind,
        false as is_only_mentioned
    from told

    union all

    select
        mentioned.record_key,
        mentioned.source_system,
        mentioned.source_account,
        mentioned.source_record_id,
        cast(null as {{ dbt.type_string() }}) as external_id,
        cast(null as {{ dbt.type_string() }}) as name,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as address,
        cast(null as {{ dbt.type_string() }}) as format,
        cast(null as {{ dbt.type_string() }}) as time_zone,
        cast(null as boolean) as is_franchise,
        cast(null as date) as opened_on,
        cast(null as date) as closed_on,
        cast(null as {{ dbt.type_string() }}) as kind,
        true as is_only_mentioned
    from mentioned
    left join told on mentioned.record_key = told.record_key
    where told.record_key is null
),

records as (
    select
        together.*,
        coalesce(precedence.{{ adapter.quote('rank') }}, 99) as record_rank
    from together
    left join precedence on together.source_system = precedence.source_system
),

matched as (
    select * from (
        {{ matched_records('records', 'stores', [
            ('external id', ['external_id', 'source_record_id']),
            ('name', ['name']),
        ]) }}
    ) as links
),

final as (
    select
        records.*,
        matched.leader_key as store_id,
        matched.matched_by
    from records
    inner join matched on records.record_key = matched.record_key
)

select * from final
