{#-
  histories (x, t_x, age, valued, m and the column) -> one row per value of the column: it and `fit`, the record of
  plugins/value_columns.py (fit.r, fit.alpha …). The histories go to scipy in one piece; their order does not matter.
-#}
{% macro fitted_by(column, histories) -%}
    {{ adapter.dispatch('fitted_by')(column, histories) }}
{%- endmacro %}

{% macro duckdb__fitted_by(column, histories) -%}
    select
        packed.{{ column }},
        fitted_customer_value(
            {%- for fact in ['x', 't_x', 'age', 'valued', 'm'] %}
            [h.{{ fact }} for h in packed.histories],
            {%- endfor %}
            {{ rule('customer_value.fit_repeat_customers_at_least') }}
        ) as fit
    from (
        select
            {{ column }},
            list(struct_pack(
                {%- for fact in ['x', 't_x', 'age', 'valued', 'm'] %}
                {{ fact }} := cast({{ fact }} as double){{ ',' if not loop.last }}
                {%- endfor %}
            )) as histories
        from {{ histories }}
        group by {{ column }}
    ) as packed
{%- endmacro %}

{% macro spark__fitted_by(column, histories) -%}
    select
        packed.{{ column }},
        fitted_customer_value(
            {%- for fact in ['x', 't_x', 'age', 'valued', 'm'] %}
            transform(packed.histories, h -> h.{{ fact }}),
            {%- endfor %}
            cast({{ rule('customer_value.fit_repeat_customers_at_least') }} as double)
        ) as fit
    from (
        select
            {{ column }},
            collect_list(struct(
                {%- for fact in ['x', 't_x', 'age', 'valued', 'm'] %}
                cast({{ fact }} as double) as {{ fact }}{{ ',' if not loop.last }}
                {%- endfor %}
            )) as histories
        from {{ histories }}
        group by {{ column }}
    ) as packed
{%- endmacro %}
