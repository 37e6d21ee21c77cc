{#- Revenue that a sale defers for the points it gave, by relative stand-alone selling price (IFRS 15.74, B39–B42): the points' own price is
    points × money per point × the share of them that is expected to be redeemed. NULL when there is nothing to divide. -#}
{% macro deferred_revenue(sales, points, money_per_point, expected_share) -%}
{% set price = '(' ~ [points, money_per_point, expected_share] | join(' * ') ~ ')' -%}
{{ sales }} * {{ price }} / nullif({{ sales }} + {{ price }}, 0)
{%- endmacro %}

{#- What of deferred revenue is still owed: it is earned as points are redeemed, out of all that are expected to be; a changed estimate is
    caught up with at once (IFRS 15.B46). Nothing is owed when none is expected. -#}
{% macro contract_liability(deferred, redeemed, expected_at_all) -%}
{{ deferred }} * (1 - coalesce({{ redeemed }} / nullif({{ expected_at_all }}, 0), 1))
{%- endmacro %}
