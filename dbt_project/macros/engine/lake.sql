{#- The lake: where raw documents and dlt's list of finished loads are read. The only macros that know paths. -#}

{% macro lake_path() -%}
    {{ return(env_var('OMNIMART_DATA', 'data') ~ '/lake') }}
{%- endmacro %}


{#- A path as a text of SQL: a folder may have an apostrophe in its name. -#}
{% macro quoted_path(path) -%}
    '{{ path | replace("'", "''") }}'
{%- endmacro %}


{#- The documents of one resource as a relation; source() is called for the lineage it gives. -#}
{% macro lake_table(vendor, resource) -%}
    {%- set lineage = source('raw_' ~ vendor, resource) -%}
    {{ adapter.dispatch('parquet_files')(lake_path() ~ '/raw_' ~ vendor ~ '/' ~ resource ~ '/*.parquet') }}
{%- endmacro %}

{% macro duckdb__parquet_files(path) -%}
    read_parquet({{ quoted_path(path) }}, union_by_name = true, hive_partitioning = false)
{%- endmacro %}

{% macro spark__parquet_files(path) -%}
    parquet.`{{ path | replace('/*.parquet', '') }}`
{%- endmacro %}


{#- Loads that dlt finished: load_id, loaded_at (UTC). Files of any other load are not believed. -#}
{% macro finished_loads(vendor) -%}
    {{ adapter.dispatch('finished_loads')(lake_path() ~ '/raw_' ~ vendor ~ '/_dlt_loads') }}
{%- endmacro %}

{% macro duckdb__finished_loads(folder) -%}
    select load_id, max(cast(inserted_at as timestamptz) at time zone 'UTC') as loaded_at
    from read_json(
        {{ quoted_path(folder ~ '/*.jsonl') }},
        format = 'newline_delimited',
        columns = {load_id: 'VARCHAR', status: 'BIGINT', inserted_at: 'VARCHAR'}
    )
    where status = 0 and load_id is not null
    group by load_id
{%- endmacro %}

{% macro spark__finished_loads(folder) -%}
    select load_id, max(cast(inserted_at as timestamp)) as loaded_at
    from (
        select inline(array(from_json(value, 'load_id string, status bigint, inserted_at string')))
        from text.`{{ folder }}`
    )
    where status = 0 and load_id is not null
    group by load_id
{%- endmacro %}


{#- The fields that vendors' documents have (ingestion/fields.py), one row per vendor, list, path and type. -#}
{% macro lake_fields() -%}
    {{ adapter.dispatch('parquet_files')(lake_path() ~ '/fields/*.parquet') }}
{%- endmacro %}


{#- Every contact with every vendor, one row per attempt (a night without news leaves no load). -#}
{% macro lake_contacts() -%}
    {{ adapter.dispatch('lake_contacts')(lake_path() ~ '/contacts') }}
{%- endmacro %}

{% macro duckdb__lake_contacts(folder) -%}
    select
        source_system, source_account, refresh_id,
        cast(contacted_at as timestamptz) at time zone 'UTC' as contacted_at,
        cast(finished_at as timestamptz) at time zone 'UTC' as finished_at,
        status, error, documents,
        cast(data_through_at as timestamptz) at time zone 'UTC' as data_through_at,
        history_left_days, history_eta_seconds
    from read_json(
        {{ quoted_path(folder ~ '/*.jsonl') }},
        format = 'newline_delimited',
        columns = {
            source_system: 'VARCHAR', source_account: 'VARCHAR', refresh_id: 'VARCHAR', contacted_at: 'VARCHAR',
            finished_at: 'VARCHAR', status: 'VARCHAR', error: 'VARCHAR', documents: 'BIGINT',
            data_through_at: 'VARCHAR', history_left_days: 'DOUBLE', history_eta_seconds: 'DOUBLE'
        }
    )
{%- endmacro %}

{% macro spark__lake_contacts(folder) -%}
    select
        source_system, source_account, refresh_id,
        cast(contacted_at as timestamp) as contacted_at, cast(finished_at as timestamp) as finished_at,
        status, error, documents, cast(data_through_at as timestamp) as data_through_at,
        history_left_days, history_eta_seconds
    from (
        select inline(array(from_json(
            value,
            'source_system string, source_account string, refresh_id string, contacted_at string, finished_at string, '
            || 'status string, error string, documents bigint, data_through_at string, history_left_days double, '
            || 'history_eta_seconds double'
        )))
        from text.`{{ folder }}`
    )
    where source_system is not null
{%- endmacro %}


{#- Documents that retention has let go from the lake (ingestion/compaction.py), so that what was received stays known. -#}
{% macro lake_dropped() -%}
    {{ adapter.dispatch('lake_dropped')(lake_path() ~ '/dropped') }}
{%- endmacro %}

{% macro duckdb__lake_dropped(folder) -%}
    select source_system, source_account, resource, documents
    from read_json(
        {{ quoted_path(folder ~ '/*.jsonl') }},
        format = 'newline_delimited',
        columns = {source_system: 'VARCHAR', source_account: 'VARCHAR', resource: 'VARCHAR', documents: 'BIGINT'}
    )
    where documents > 0
{%- endmacro %}

{% macro spark__lake_dropped(folder) -%}
    select source_system, source_account, resource, documents
    from (
        select inline(array(from_json(
            value, 'source_system string, source_account string, resource string, documents bigint'
        )))
        from text.`{{ folder }}`
    )
    where documents > 0
{%- endmacro %}
