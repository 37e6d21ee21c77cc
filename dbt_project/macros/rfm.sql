{#-
  RFM segments. A score is 1 + how many of the month's value breaks (rfm_breaks) a customer's value is better than, so equal values
  have equal scores. Segments go by recency and frequency alone, since money as a sum counts frequency twice; of each the scores are
  low, middle and high by the share of scores below (customer_value.rfm_middle_share, rfm_high_share; of 5: 1–2, 3, 4–5).
-#}
{% macro rfm_level_starts(level) -%}
    {{ return((rule('customer_value.rfm_bins') * rule('customer_value.rfm_' ~ level ~ '_share')) | round(6) | int + 1) }}
{%- endmacro %}

{% macro rfm_segments() -%}
    {{ return({
        'high': {'high': 'champions', 'middle': 'potential_loyalists', 'low': 'recent'},
        'middle': {'high': 'loyal', 'middle': 'needs_attention', 'low': 'about_to_sleep'},
        'low': {'high': 'cannot_lose', 'middle': 'slipping', 'low': 'hibernating'},
    }) }}
{%- endmacro %}

{#- The segment of two levels ('high', 'middle', 'low'). -#}
{% macro rfm_segment(recency_level, frequency_level) -%}
    case
        {%- for recency, frequencies in rfm_segments().items() %}
        {%- for frequency, segment in frequencies.items() %}
        when {{ recency_level }} = '{{ recency }}' and {{ frequency_level }} = '{{ frequency }}' then '{{ segment }}'
        {%- endfor %}
        {%- endfor %}
    end
{%- endmacro %}

{#- The level of a score. -#}
{% macro rfm_level(score) -%}
    case
        when {{ score }} >= {{ rfm_level_starts('high') }} then 'high'
        when {{ score }} >= {{ rfm_level_starts('middle') }} then 'middle'
        else 'low'
    end
{%- endmacro %}
