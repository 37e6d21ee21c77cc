{#- E.164 for every spelling in the CTE `spellings` (column written) that this incremental model has not met yet; NULL: no number can be
    read. Parsing is slow, so a spelling is parsed once in its life. -#}
{% macro phones_read_once() -%}
    select
        spellings.written,
        {{ normalize_phone('spellings.written') }} as phone
    from spellings
    {% if is_incremental() -%}
    left join {{ this }} as known on spellings.written = known.written
    where known.written is null
    {%- endif %}
{%- endmacro %}
