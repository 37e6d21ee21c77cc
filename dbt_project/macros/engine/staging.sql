{#-
  Staging: lake documents -> one row per key and verdict (base models) -> what later models read.

  base_<vendor>__<resource> holds, for every (source_account, document_key), the newest document that meets the contract
  and the newest that does not. It reads finished loads that it has not seen, judged by when they were finished, and
  tries its open rejected documents again from their stored payload. An older version never replaces a newer one.
  `every_version`: one row per version instead, for what a vendor tells no date of and only the loads saw change; its
  contract names the few columns that are asked for. `impossible`: [(condition on the typed columns, what is wrong)] for values that
  are right each and cannot stand together, e.g. ("kind = 'sale' and amount < 0", 'amount: a sale is not negative').
  How to write one: docs/add-a-vendor.md.
-#}

{% macro staged_documents(vendor, resource, contract, zones=none, every_version=false, impossible=[]) -%}
    {#- dbt notes a model's configuration when it parses; when it builds it asks for nothing new. -#}
    {%- set fingerprint = none if execute else contract_fingerprint(contract, impossible) -%}
    {%- set fields = none if execute else {'vendor': vendor, 'resource': resource, 'paths': contract_paths(contract)} -%}
    {{ config(
        materialized='table' if target.type == 'spark' else 'incremental',
        incremental_strategy='delete+insert',
        unique_key=['source_account', 'document_key', 'is_accepted'] + (['version_at', 'load_id'] if every_version else []),
        on_schema_change='fail',
        meta={'contract_fingerprint': fingerprint, 'reads': fields},
    ) }}
    {%- set goes_on = is_incremental() -%}  {#- asked once, since it looks into the warehouse -#}
    {%- set keys = [
        'source_account', 'document_key', 'version_at', 'load_id', 'loaded_at', 'operation', 'payload', 'local_time_zone'
    ] | join(', ') -%}

with

documents as (
    {{ unread_documents(vendor, resource, goes_on) }}
),

{% if zones is not none -%}
zones as (
    select source_account, max(time_zone) as time_zone
    from {{ zones }}
    where is_accepted and {{ is_time_zone('time_zone') }}
    group by source_account
),

{% endif -%}
parsed as (
    select
        documents.*,
        {% if zones is not none -%}
        coalesce(zones.time_zone, '{{ business_timezone() }}') as local_time_zone,
        {%- else -%}
        '{{ business_timezone() }}' as local_time_zone,
        {%- endif %}
        {{ parse_document('documents.payload', contract) }} as document
    from documents
    {%- if zones is not none %}
    left join zones on documents.source_account = zones.source_account
    {%- endif %}
),

leaves as (
    select
        {{ keys }},
        document is null as is_unreadable,
        {{- contract_leaves(contract) }}
    from parsed
),

typed as (
    select
        *,
        {{- contract_rows(contract) }}
        {{- contract_columns(contract) }}
    from leaves
),

judged as (
    select
        *,
        case
            when operation = 'delete' and document_key <> '' then null
            else {% if impossible %}coalesce({% endif %}{{ first_problem(contract) }}
            {%- if impossible %},
            case
                {%- for condition, problem in impossible %}
                when {{ condition }} then '{{ problem }}'
                {%- endfor %}
            end){% endif %}
        end as problem
    from typed
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_account, document_key, problem is null{{ ', version_at, load_id' if every_version }}
            order by version_at desc, loaded_at desc, load_id desc, operation asc, payload desc
        ) as version_rank
    from judged
),

newest as (
    select
        '{{ vendor }}' as source_system,
        source_account,
        '{{ resource }}' as resource,
        document_key,
        version_at,
        load_id,
        loaded_at,
        operation,
        {%- for column in contract %}
        {{ column[0] }},
        {%- endfor %}
        local_time_zone,
        problem,
        {{ before_colon('problem') }} as problem_column,
        problem is null as is_accepted,
        case when problem is not null then payload end as rejected_payload
    from ranked
    where version_rank = 1
)

select * from newest
{%- if goes_on and not every_version %}
where not exists (
    select 1
    from {{ this }} as seen
    where seen.source_account = newest.source_account
        and seen.document_key = newest.document_key
        and seen.is_accepted = newest.is_accepted
        and (seen.version_at, seen.loaded_at, seen.load_id) > (newest.version_at, newest.loaded_at, newest.load_id)
)
{%- endif %}
{%- endmacro %}


{#-
  Documents of finished loads that this table has not seen, and its open rejected ones. Loads are judged by the moment they
  were finished, ten minutes of overlap included: an older window of history may finish after a newer night, and clocks of
  two writers differ. A load of which this table holds a row was read whole, so it is not read again.
-#}
{% macro unread_documents(vendor, resource, goes_on) -%}
    select
        coalesce(landed.source_account, '') as source_account,
        coalesce(landed.document_key, '') as document_key,
        coalesce(cast(landed.version_at as timestamp), loads.loaded_at) as version_at,
        loads.load_id,
        loads.loaded_at,
        coalesce(landed.operation, 'upsert') as operation,
        landed.payload
    from {{ lake_table(vendor, resource) }} as landed
    inner join ({{ finished_loads(vendor) }}) as loads on landed._dlt_load_id = loads.load_id
    {%- if goes_on %}
    where loads.loaded_at >= (
            select coalesce(max(loaded_at), timestamp '1900-01-01 00:00:00') from {{ this }}
        ) - interval '10 minutes'
        and loads.load_id not in (select distinct load_id from {{ this }})
    union all
    select
        rejected.source_account,
        rejected.document_key,
        rejected.version_at,
        rejected.load_id,
        rejected.loaded_at,
        rejected.operation,
        rejected.rejected_payload as payload
    from {{ this }} as rejected
    where not rejected.is_accepted
        and not exists (
            select 1
            from {{ this }} as accepted
            where accepted.is_accepted
                and accepted.source_account = rejected.source_account
                and accepted.document_key = rejected.document_key
                and accepted.version_at >= rejected.version_at
        )
    {%- endif %}
{%- endmacro %}


{#- [(path, whole)]: the fields that a contract reads, 'items[].price', and whether with everything below them; noted in the manifest, where
    int_contract_fields finds them. -#}
{% macro contract_paths(contract, above='') -%}
    {%- set paths = [] -%}
    {%- for column in contract -%}
        {%- set steps = [] -%}
        {%- for name, index in path_steps(column[1]) -%}
            {%- do steps.append(name ~ ('' if index is none else '[]')) -%}
        {%- endfor -%}
        {%- set path = above ~ steps | join('.') -%}
        {%- set is_rows = column[2] == 'rows' and column[3] is not string -%}
        {%- do paths.append([path, column[2] in ('json', 'rows') and not is_rows]) -%}
        {%- if is_rows -%}
            {%- do paths.extend(contract_paths(column[3], path ~ '[].')) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(paths) }}
{%- endmacro %}


{#- What must be the same for stored rows to stay valid: the SQL that the contract comes to. -#}
{% macro contract_fingerprint(contract, impossible=[]) -%}
    {%- set sql = parse_document('payload', contract) ~ contract_leaves(contract) ~ contract_rows(contract)
        ~ contract_columns(contract) ~ first_problem(contract) ~ business_timezone() ~ (impossible or '') -%}
    {{ return(local_md5(sql.replace(latest_possible_date(), 'the latest possible date'))) }}
{%- endmacro %}


{#-
  dbt asks this before it keeps a table's rows. A base model whose contract is no longer the one its rows were judged by, or
  whose account has moved to another time zone, is built again from the lake, alone; everything else keeps dbt's own rule.
-#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- set asked = flags.FULL_REFRESH if asked is none else asked -%}
    {%- set fingerprint = (config.get('meta') or {}).get('contract_fingerprint') -%}
    {%- if asked or fingerprint is none or not execute or target.type != 'duckdb' -%}
        {{ return(asked) }}
    {%- endif -%}
    {%- set comments = stored_comments() -%}
    {%- set table = this.schema ~ '.' ~ this.identifier -%}
    {%- if table not in comments -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(comments[table] != 'contract ' ~ fingerprint or has_moved_zone()) }}
{%- endmacro %}

{#- {'schema.table': comment} as this run of dbt found them: the graph is what its models have in common. Asked per model it was a
    twentieth of a small build, since DuckDB counts the rows of every table for an answer. -#}
{% macro stored_comments() -%}
    {%- set kept = 'comments found by ' ~ invocation_id -%}
    {%- if kept not in graph -%}
        {%- set found = {} -%}
        {%- for row in run_query("select schema_name || '.' || table_name, comment from duckdb_tables()").rows -%}
            {%- do found.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- do graph.update({kept: found}) -%}
    {%- endif -%}
    {{ return(graph[kept]) }}
{%- endmacro %}

{#- Rows of this table stand in another time zone than the one its account has now. The zones are its only parent model. -#}
{% macro has_moved_zone() -%}
    {%- set moved = namespace(rows=0) -%}
    {%- for parent in model.depends_on.nodes if parent.startswith('model.') -%}
        {%- set rows = run_query(
            "select count(*) from (select distinct source_account, local_time_zone from " ~ this ~ ") as stored "
            ~ "inner join " ~ graph.nodes[parent].relation_name ~ " as zones on stored.source_account = zones.source_account "
            ~ "where zones.is_accepted and zones.time_zone <> stored.local_time_zone and " ~ is_time_zone('zones.time_zone')) -%}
        {%- set moved.rows = moved.rows + rows.rows[0][0] -%}
    {%- endfor -%}
    {{ return(moved.rows > 0) }}
{%- endmacro %}


{#-
  The documents that are live: accepted, not deleted. Of a full list (kind in the sources' YAML: `meta: {kind: full_list}`)
  only the keys that stood in the account's newest load of it, whatever the verdict on their newest version. Of a snapshot,
  whose keys end in their day, likewise for each day.
-#}
{% macro live_documents(vendor, resource, kind=none) -%}
    {%- set model = ref('base_' ~ vendor ~ '__' ~ resource) -%}
    {%- set kind = kind or resource_kind(vendor, resource) -%}
    select documents.*
    from {{ model }} as documents
    {%- if kind in ('full_list', 'snapshot') %}
    inner join (
        select
            source_account,
            document_key,
            rank() over (partition by source_account{{ ', right(document_key, 10)' if kind == 'snapshot' }} order by max(loaded_at) desc, max(load_id) desc) as age
        from {{ model }}
        group by source_account, document_key
    ) as listed
        on documents.source_account = listed.source_account
        and documents.document_key = listed.document_key
        and listed.age = 1
    {%- endif %}
    where documents.is_accepted and documents.operation <> 'delete'
{%- endmacro %}

{% macro resource_kind(vendor, resource) -%}
    {%- set found = namespace(kind='changes') -%}
    {%- if execute -%}
        {#- A unit test has no graph: every resource is `changes` there. -#}
        {%- for node in graph.get('sources', {}).values()
            if node.source_name == 'raw_' ~ vendor and node.name == resource -%}
            {%- set found.kind = (node.config.meta or node.meta or {}).get('kind', 'changes') -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.kind) }}
{%- endmacro %}


{#-
  One row per element of a `rows` column: a FROM item with the parent's columns as p.<column> and the element's as
  e.<column>, plus e.element_number from 1:  select p.order_id, e.price from {{ child_rows('orders', 'items', items) }}
-#}
{% macro child_rows(relation, column, contract) -%}
    {{ adapter.dispatch('child_rows')(relation, column, contract) }}
{%- endmacro %}

{% macro duckdb__child_rows(relation, column, contract) -%}
    {{ relation }} as p
    cross join unnest(list_transform(
        {{ parse_rows('p.' ~ column, contract) }},
        lambda element, position: struct_pack(
            element_number := cast(position as integer)
            {%- for inner in contract %},
            {{ inner[0] }} := cast({{ kind_value(inner[2], leaf('element', inner[1], inner[2]), 'p.local_time_zone') }} as {{ kind_type(inner[2]) }})
            {%- endfor %}
        )
    )) as elements (e)
{%- endmacro %}

{% macro spark__child_rows(relation, column, contract) -%}
    {{ relation }} as p
    lateral view explode(transform(
        {{ parse_rows('p.' ~ column, contract) }},
        (element, position) -> named_struct(
            'element_number', cast(position + 1 as int)
            {%- for inner in contract %},
            '{{ inner[0] }}', cast({{ kind_value(inner[2], leaf('element', inner[1], inner[2]), 'p.local_time_zone') }} as {{ kind_type(inner[2]) }})
            {%- endfor %}
        )
    )) elements as e
{%- endmacro %}


{#- Every verdict of a vendor's base models: the whole of models/staging/<vendor>/stg_<vendor>__verdicts.sql. -#}
{% macro verdicts(vendor, resources) -%}
    {%- for resource in resources %}
    select
        source_system, source_account, resource, document_key, version_at, load_id, loaded_at, operation,
        is_accepted, problem, problem_column, rejected_payload
    from {{ ref('base_' ~ vendor ~ '__' ~ resource) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Every document of finished loads, counted in the lake itself: the whole of stg_<vendor>__receipts.sql. -#}
{% macro lake_receipts(vendor, resources) -%}
    with

    loads as (
        {{ finished_loads(vendor) }}
    )
    {% for resource in resources %}
    select
        '{{ vendor }}' as source_system,
        coalesce(landed.source_account, '') as source_account,
        '{{ resource }}' as resource,
        coalesce(landed.document_key, '') as document_key,
        coalesce(cast(landed.version_at as timestamp), loads.loaded_at) as version_at,
        loads.load_id,
        loads.loaded_at
    from {{ lake_table(vendor, resource) }} as landed
    inner join loads on landed._dlt_load_id = loads.load_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
