{#-
  How tables and views are made in DuckDB: replaced, in one statement and one transaction. dbt's own way makes each beside its
  old self, renames both and drops the old one, a fifth of a build's CPU time; it is meant for warehouses that somebody reads
  meanwhile, and nobody opens this one but the build. A model that fails leaves what stood there.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do nothing_else_is_asked() -%}
    {%- do drop_unless(load_cached_relation(this), 'table') -%}
    {%- call statement('main') -%}
        create or replace table {{ target_relation }} as (
            {{ contracted(compiled_code) }}
        )
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- do nothing_else_is_asked() -%}
    {%- do drop_unless(load_cached_relation(this), 'view') -%}
    {%- call statement('main') -%}
        create or replace view {{ target_relation }} as (
            {{ contracted(compiled_code) }}
        )
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- The model's SQL; under a contract its columns are held against the YAML first, names and types, and stand in its order. -#}
{% macro contracted(compiled_code) -%}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(compiled_code) -%}
        {{ get_select_subquery(compiled_code) }}
    {%- else -%}
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}


{#- What stands in the place of a model that was a view and becomes a table, or the other way round. -#}
{% macro drop_unless(existing, type) -%}
    {%- if existing is not none and existing.type != type -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
{%- endmacro %}


{#- Hooks, grants, constraints and stored comments would be left out silently. -#}
{% macro nothing_else_is_asked() -%}
    {%- if pre_hooks or post_hooks or config.get('grants') or config.get('persist_docs') or model.constraints
        or model.columns.values() | map(attribute='constraints') | select | list -%}
        {{ exceptions.raise_compiler_error(
            this ~ ': hooks, grants, constraints and persist_docs are not known to macros/engine/materialized.sql; teach it.') }}
    {%- endif -%}
{%- endmacro %}


{#-
  A table that keeps its rows: what the model selects is put beside, held against the table's columns, takes the place of the
  rows that share its key, and goes. The comment is what `should_full_refresh` (staging.sql) judges a base model's rows by.
-#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- do nothing_else_is_asked() -%}
    {%- if config.get('on_schema_change') != 'fail' or config.get('incremental_strategy') not in ('append', 'delete+insert') -%}
        {{ exceptions.raise_compiler_error(this ~ ': an incremental model appends or replaces by key, and its columns are fixed.') }}
    {%- endif -%}
    {%- do drop_unless(existing, 'table') -%}
    {%- if existing is none or existing.type != 'table' or should_full_refresh() -%}
        {%- set fingerprint = (config.get('meta') or {}).get('contract_fingerprint') -%}
        {%- call statement('main') -%}
            create or replace table {{ target_relation }} as (
                {{ compiled_code }}
            )
            {%- if fingerprint %};
            comment on table {{ target_relation }} is 'contract {{ fingerprint }}'
            {%- endif %}
        {%- endcall -%}
    {%- else -%}
        {%- set news = make_temp_relation(target_relation) -%}
        {%- call statement('news') -%}
            create temporary table {{ news }} as (
                {{ compiled_code }}
            )
        {%- endcall -%}
        {%- do same_columns(news, target_relation) -%}
        {%- call statement('main') -%}
            {%- if config.get('incremental_strategy') == 'delete+insert' %}
            delete from {{ target_relation }} as kept
            using {{ news }} as news
            where {% for key in config.get('unique_key') %}kept.{{ key }} = news.{{ key }}{{ ' and ' if not loop.last }}{% endfor %};
            {%- endif %}
            insert into {{ target_relation }} by name select * from {{ news }};
            drop table {{ news }}
        {%- endcall -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Rows of other columns than the table has would be lost or cast silently. -#}
{% macro same_columns(news, kept) -%}
    {%- set found = run_query(
        "with news as (select column_name, column_type from (describe " ~ news ~ ")), "
        ~ "kept as (select column_name, column_type from (describe " ~ kept ~ ")) "
        ~ "(from news except from kept) union all (from kept except from news)") -%}
    {%- if found.rows | length > 0 -%}
        {{ exceptions.raise_compiler_error(
            kept ~ ' has other columns than its model selects: ' ~ found.columns[0].values() | unique | join(', ')
            ~ '. Build it anew with --full-refresh.') }}
    {%- endif -%}
{%- endmacro %}
