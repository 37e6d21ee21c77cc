{#- What identity needs of an engine beyond dbt's cross-database macros. -#}

{#- Whether two records bear one first name, or one that may be short for the other's (int_identity_profiles, first_names). -#}
{% macro first_names_agree(one, other) -%}
    {%- set sides = [] -%}
    {%- for side in [one, other] -%}
        {%- do sides.append(text_list("coalesce(" ~ side ~ ".first_names, " ~ side ~ ".first_name_key)")) -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('lists_meet')(*sides)) }}
{%- endmacro %}
{% macro duckdb__lists_meet(one, other) -%}{{ return("list_has_any(" ~ one ~ ", " ~ other ~ ")") }}{%- endmacro %}
{% macro spark__lists_meet(one, other) -%}{{ return("arrays_overlap(" ~ one ~ ", " ~ other ~ ")") }}{%- endmacro %}

{#- What sorted_text_list made, as an array. -#}
{% macro text_list(text) -%}{{ return(adapter.dispatch('text_list')(text)) }}{%- endmacro %}
{% macro duckdb__text_list(text) -%}{{ return("string_split(" ~ text ~ ", ', ')") }}{%- endmacro %}
{% macro spark__text_list(text) -%}{{ return("split(" ~ text ~ ", ', ')") }}{%- endmacro %}


{#- Only the digits of a text; NULL when there is none. -#}
{% macro digits_of(text) -%}{{ return(adapter.dispatch('digits_of')(text)) }}{%- endmacro %}
{% macro duckdb__digits_of(text) -%}{{ return("nullif(regexp_replace(" ~ text ~ ", '[^0-9]', '', 'g'), '')") }}{%- endmacro %}
{% macro spark__digits_of(text) -%}{{ return("nullif(regexp_replace(" ~ text ~ ", '[^0-9]', ''), '')") }}{%- endmacro %}


{#- The id that a customer gets from its oldest record: 'c' and the first 20 hex digits of its SHA-256. -#}
{% macro minted_customer_id(text) -%}{{ return(adapter.dispatch('minted_customer_id')(text)) }}{%- endmacro %}
{% macro duckdb__minted_customer_id(text) -%}{{ return("'c' || left(sha256(" ~ text ~ "), 20)") }}{%- endmacro %}
{% macro spark__minted_customer_id(text) -%}{{ return("'c' || left(sha2(" ~ text ~ ", 256), 20)") }}{%- endmacro %}


{#-
  links (profile_no, node_no, rank) and cuts (profile_no, other_profile_no, level) -> profile_no, component_no: the
  smallest profile_no that links lead to without crossing a cut; likeness joins at most `limit` profiles (0: however many). The
  graph goes to scipy in one piece
  (plugins/components.py); where links are walked, because there are cuts, lists are sorted, so that the answer does not hang on the
  order of the rows.
-#}
{% macro linked_components(links, cuts=none, limit=0) -%}
    {{ adapter.dispatch('linked_components')(links, cuts, limit) }}
{%- endmacro %}

{% macro duckdb__linked_components(links, cuts, limit) -%}
    select distinct labelled.profile_no, labelled.component_no
    from (
        select
            unnest([x.profile_no for x in packed.links]) as profile_no,
            unnest(parted_components(
                [x.profile_no for x in packed.links],
                [x.node_no for x in packed.links],
                [x.rank for x in packed.links],
                coalesce([x.profile_no for x in packed_cuts.cuts], cast([] as bigint[])),
                coalesce([x.other_profile_no for x in packed_cuts.cuts], cast([] as bigint[])),
                coalesce([x.level for x in packed_cuts.cuts], cast([] as bigint[])),
                cast({{ limit }} as bigint)
            )) as component_no
        from (
            select {{ 'list_sort' if cuts }}(list(struct_pack(
                rank := cast(rank as bigint), node_no := cast(node_no as bigint), profile_no := cast(profile_no as bigint)
            ))) as links
            from {{ links }}
        ) as packed
        cross join (
            {%- if cuts %}
            select list_sort(list(struct_pack(
                profile_no := cast(profile_no as bigint), other_profile_no := cast(other_profile_no as bigint),
                level := cast(level as bigint)
            ))) as cuts
            from {{ cuts }}
            {%- else %}
            select cast([] as struct(profile_no bigint, other_profile_no bigint, level bigint)[]) as cuts
            {%- endif %}
        ) as packed_cuts
        where packed.links is not null
    ) as labelled
{%- endmacro %}

{% macro spark__linked_components(links, cuts, limit) -%}
    select distinct labelled.profile_no, labelled.component_no
    from (
        select inline(arrays_zip(
            transform(packed.links, x -> x.profile_no),
            parted_components(
                transform(packed.links, x -> x.profile_no),
                transform(packed.links, x -> x.node_no),
                transform(packed.links, x -> x.rank),
                transform(packed_cuts.cuts, x -> x.profile_no),
                transform(packed_cuts.cuts, x -> x.other_profile_no),
                transform(packed_cuts.cuts, x -> x.level),
                cast({{ limit }} as bigint)
            )
        )) as (profile_no, component_no)
        from (
            select array_sort(collect_list(struct(
                cast(rank as bigint) as rank, cast(node_no as bigint) as node_no, cast(profile_no as bigint) as profile_no
            ))) as links
            from {{ links }}
        ) as packed
        cross join (
            select array_sort(collect_list(struct(
                cast(profile_no as bigint) as profile_no, cast(other_profile_no as bigint) as other_profile_no,
                cast(level as bigint) as level
            ))) as cuts
            from {{ cuts or "(select 0L as profile_no, 0L as other_profile_no, 0L as level where false)" }}
        ) as packed_cuts
    ) as labelled
{%- endmacro %}


{#- The distinct values of a group, in order, as one text: 'app, store, web'. -#}
{% macro sorted_text_list(column) -%}{{ adapter.dispatch('sorted_text_list')(column) }}{%- endmacro %}
{% macro duckdb__sorted_text_list(column) -%}string_agg(distinct {{ column }}, ', ' order by {{ column }}){%- endmacro %}
{% macro spark__sorted_text_list(column) -%}array_join(array_sort(collect_set({{ column }})), ', '){%- endmacro %}


{#- The business day so many days before the refresh, as an SQL date. -#}
{% macro days_before_as_of(days) -%}
    cast({{ dbt.dateadd('day', -(days | int), as_of_date()) }} as date)
{%- endmacro %}
