{#-
  What the last publication left for the next refresh: the registry of customer ids, its events, redirects, and the history
  of quality. They are read and never written by a run, so a failed night changes nothing and a deleted warehouse comes back
  with the same ids. The columns stand here, because a table that nobody has published yet must still have a shape.
-#}
{% macro published_columns(name) -%}
    {%- set tables = {
        'identity_registry': [
            ('profile_id', 'text'), ('customer_id', 'text'), ('linked_at', 'timestamp'), ('is_present', 'boolean')],
        'identity_events': [
            ('event_at', 'timestamp'), ('event_type', 'text'), ('customer_id', 'text'), ('other_customer_id', 'text'),
            ('reason', 'text')],
        'customer_id_redirects': [
            ('old_customer_id', 'text'), ('customer_id', 'text'), ('redirected_at', 'timestamp')],
        'load_reconciliation': [
            ('source_system', 'text'), ('source_account', 'text'), ('resource', 'text'), ('refresh_id', 'text'),
            ('refreshed_at', 'timestamp'), ('received', 'bigint'), ('newly_received', 'bigint'), ('staged', 'bigint'),
            ('superseded', 'bigint'), ('quarantined', 'bigint'), ('lost_keys', 'bigint'), ('stale_keys', 'bigint'),
            ('is_balanced', 'boolean')],
        'quarantine': [
            ('source_system', 'text'), ('source_account', 'text'), ('resource', 'text'), ('source_record_id', 'text'),
            ('reason', 'text'), ('column_name', 'text'), ('payload_hash', 'text'), ('version_at', 'timestamp'),
            ('load_id', 'text'), ('rejected_at', 'timestamp'), ('status', 'text')],
        'publications': [
            ('version', 'text'), ('published_at', 'timestamp'), ('refresh_id', 'text'), ('tables', 'bigint'),
            ('rows', 'bigint'), ('audits_passed', 'bigint'), ('previous_version', 'text'), ('stale_sources', 'text')],
        'restatements': [
            ('kpi_id', 'text'), ('period', 'date'), ('dimensions', 'text'), ('old_value', 'number'), ('new_value', 'number'),
            ('version', 'text'), ('cause', 'text')],
    } -%}
    {%- if name not in tables -%}
        {{ exceptions.raise_compiler_error("No published history is called '" ~ name ~ "'; macros/published.sql names them.") }}
    {%- endif -%}
    {{ return(tables[name]) }}
{%- endmacro %}


{#- The table `name` of the last publication as a relation; empty, with its columns typed, when nothing is published. -#}
{% macro published_table(name) -%}
    {%- set lineage = source('published', name) -%}
    {%- set columns = published_columns(name) -%}
    {%- set path = env_var('OMNIMART_DATA', 'data') ~ '/published/current/history/' ~ name ~ '.parquet' -%}
    {%- set present = published_file_columns(path) -%}
    (
        select
            {%- for column, type in columns %}
            cast({{ adapter.quote(column) if column in present else 'null' }} as {{ 'bigint' if type == 'bigint' else canonical_type(type) }}) as {{ adapter.quote(column) }}{{ ',' if not loop.last }}
            {%- endfor %}
        {%- if present %}
        from {{ adapter.dispatch('parquet_files')(path) }}
        {%- else %}
        from (select 1 as nothing) as nowhere
        where nothing = 0
        {%- endif %}
    )
{%- endmacro %}

{#- The columns of a published file, none when there is no such file. -#}
{% macro published_file_columns(path) -%}
    {%- set columns = [] -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- if run_query("select count(*) from glob(" ~ quoted_path(path) ~ ")").rows[0][0] > 0 -%}
            {%- for row in run_query("select column_name from (describe from read_parquet(" ~ quoted_path(path) ~ "))").rows -%}
                {%- do columns.append(row[0]) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
