{#-
  Orders of the rolling 12 months in bands, so that who buys in more channels is compared with who buys as often: by
  sales.frequency_band_edges ([1, 2, 3, 5, 10]: none, 1, 2, 3–4, 5–9, 10+).
-#}
{% macro frequency_bands() -%}{{ return(bands('sales.frequency_band_edges', 'none')) }}{%- endmacro %}

{% macro frequency_band(orders_count) -%}{{ band_of('coalesce(' ~ orders_count ~ ', 0)', frequency_bands()) }}{%- endmacro %}
