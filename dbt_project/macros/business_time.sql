{#-
  Time as the service counts it: minutes in which it was open. int_business_intervals tells of every moment how many seconds
  had been open before it, so the business time between two moments is one subtraction:
    select {{ open_seconds_at('answered', 'tickets.answered_at') }} - {{ open_seconds_at('asked', 'tickets.asked_at') }}
    from tickets
    {{ open_clock('asked', 'tickets.asked_at') }}
    {{ open_clock('answered', 'tickets.answered_at') }}
  NULL for a moment before the calendar's first day or after its last.
-#}
{% macro service_zone() -%}
    {{ return("'" ~ (rule('service.time_zone') if rule('service.time_zone') is string and rule('service.time_zone') else business_timezone()) ~ "'") }}
{%- endmacro %}

{#- The join to the stretch of the calendar in which the moment lies. -#}
{% macro open_clock(as_, moment) -%}
    left join {{ ref('int_business_intervals') }} as {{ as_ }}_clock
        on cast({{ wall_clock(moment, service_zone()) }} as date) = {{ as_ }}_clock.day
            and {{ moment }} >= {{ as_ }}_clock.begins_at
            and {{ moment }} < {{ as_ }}_clock.ends_before
{%- endmacro %}

{% macro open_seconds_at(as_, moment) -%}
    {{ as_ }}_clock.seconds_before + least(
        {{ dbt.datediff(as_ ~ '_clock.begins_at', moment, 'second') }}, {{ as_ }}_clock.open_seconds
    )
{%- endmacro %}
