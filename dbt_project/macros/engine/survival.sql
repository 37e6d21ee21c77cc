{#-
  Survival of gaps, for engines that lend Python's functions (plugins/survival.py): the gap that a share of all gaps does not
  outlast, NULL where fewer than at_least gaps were still running at it. An aggregate over rows of a length, how many gaps
  ended at it and how many were still running then.
-#}
{% macro survival_quantile(length, ended, running, share, at_least) -%}
    {{ return(adapter.dispatch('survival_quantile')(length, ended, running, share, at_least)) }}
{%- endmacro %}
{% macro duckdb__survival_quantile(length, ended, running, share, at_least) -%}
    {{ return('survival_quantile(list(cast(' ~ length ~ ' as bigint)), list(cast(' ~ ended ~ ' as bigint)), list(cast(' ~ running
        ~ ' as bigint)), cast(' ~ share ~ ' as double), cast(' ~ at_least ~ ' as bigint))') }}
{%- endmacro %}
{% macro spark__survival_quantile(length, ended, running, share, at_least) -%}
    {{ return('survival_quantile(collect_list(cast(' ~ length ~ ' as bigint)), collect_list(cast(' ~ ended
        ~ ' as bigint)), collect_list(cast(' ~ running ~ ' as bigint)), cast(' ~ share ~ ' as double), cast(' ~ at_least ~ ' as bigint))') }}
{%- endmacro %}
