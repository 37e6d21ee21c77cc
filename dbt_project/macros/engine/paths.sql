{#- What paths through channels need of an engine. -#}

{#- The values of a group as one text, in the order of a number: ordered_text_list('channel', 'step', ' > ') -> 'email > direct'. -#}
{% macro ordered_text_list(column, place, delimiter) -%}{{ adapter.dispatch('ordered_text_list')(column, place, delimiter) }}{%- endmacro %}
{% macro duckdb__ordered_text_list(column, place, delimiter) -%}
string_agg({{ column }}, '{{ delimiter }}' order by {{ place }})
{%- endmacro %}
{% macro spark__ordered_text_list(column, place, delimiter) -%}
array_join(transform(array_sort(collect_list(struct({{ place }} as place, {{ column }} as word))), x -> x.word), '{{ delimiter }}')
{%- endmacro %}


{#-
  moves (fit_month, origin, destination, paths_count) -> fit_month, channel, removal_effect: Markov's removal effect of each channel
  of each month. The chain goes to Python in one piece (plugins/attribution.py); lists are sorted, so that the answer does not
  hang on the order of the rows.
-#}
{% macro removal_effects(moves) -%}
    {{ adapter.dispatch('removal_effects')(moves) }}
{%- endmacro %}

{% macro duckdb__removal_effects(moves) -%}
    select distinct solved.fit_month, solved.channel, solved.removal_effect
    from (
        select
            packed.fit_month,
            unnest([x.origin for x in packed.moves]) as channel,
            unnest(removal_effects(
                [x.origin for x in packed.moves], [x.destination for x in packed.moves], [x.paths_count for x in packed.moves]
            )) as removal_effect
        from (
            select
                fit_month,
                list_sort(list(struct_pack(
                    origin := origin, destination := destination, paths_count := cast(paths_count as double)
                ))) as moves
            from {{ moves }}
            group by fit_month
        ) as packed
    ) as solved
    where solved.removal_effect is not null
{%- endmacro %}

{% macro spark__removal_effects(moves) -%}
    select distinct solved.fit_month, solved.channel, solved.removal_effect
    from (
        select packed.fit_month, inline(arrays_zip(
            transform(packed.moves, x -> x.origin),
            removal_effects(
                transform(packed.moves, x -> x.origin),
                transform(packed.moves, x -> x.destination),
                transform(packed.moves, x -> x.paths_count)
            )
        )) as (channel, removal_effect)
        from (
            select
                fit_month,
                array_sort(collect_list(struct(origin, destination, cast(paths_count as double) as paths_count))) as moves
            from {{ moves }}
            group by fit_month
        ) as packed
    ) as solved
    where solved.removal_effect is not null
{%- endmacro %}
