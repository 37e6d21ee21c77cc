{#-
  The band of contact pressure in which so many messages lie, by contact_pressure.band_edges ([1, 3, 5, 8]: 0, 1–2, 3–4, 5–7, 8+):
    select {{ pressure_band('messages_7d') }} as pressure_band
  and all bands in their order, for SQL that needs every one: pressure_bands().
-#}
{% macro pressure_bands() -%}{{ return(bands('contact_pressure.band_edges')) }}{%- endmacro %}

{% macro pressure_band(messages) -%}{{ band_of(messages, pressure_bands()) }}{%- endmacro %}
