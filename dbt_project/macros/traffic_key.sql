{#- The mark of where a visit came from, as one text; what traffic_rules decide, they decide once per such mark. -#}
{% macro traffic_key(fact) -%}
    coalesce(lower(trim({{ fact }}.raw_traffic_source)), '') || ' / ' || coalesce(lower(trim({{ fact }}.utm_medium)), '')
    || ' / ' || coalesce(lower(trim({{ fact }}.utm_source)), '')
{%- endmacro %}

{#-
  The channel that a fact came by, from its raw_traffic_source, utm_medium and utm_source:
    select {{ traffic_channel() }} as traffic_channel
    from calls
    {{ traffic_of('calls') }}
-#}
{% macro traffic_of(fact) -%}
    left join {{ ref('int_traffic_channels') }} as traffic
        on {{ fact }}.source_system = traffic.source_system
            and {{ fact }}.source_account = traffic.source_account
            and {{ traffic_key(fact) }} = traffic.traffic_key
{%- endmacro %}

{% macro traffic_channel() -%}
    coalesce(traffic.traffic_channel, 'unknown')
{%- endmacro %}
