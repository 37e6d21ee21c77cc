{#-
  E.164 for every spelling in the CTE `spellings` (column written) that this incremental model has not met yet; NULL: no number can be
  read. Parsing is slow, so a spelling is parsed once in its life, and a Russian mobile, which most are, is read by its digits.
-#}
{% macro phones_read_once() -%}
    select
        spellings.written,
        case
            when {{ matches('spellings.written', russian_mobile()) }}
                then '+7' || right({{ digits_of('spellings.written') }}, 10)
            else {{ normalize_phone('spellings.written') }}
        end as phone
    from spellings
    {% if is_incremental() -%}
    left join {{ this }} as known on spellings.written = known.written
    where known.written is null
    {%- endif %}
{%- endmacro %}

{#- Spellings that mean +7 9.. ... .. .. and nothing else, as the parser reads them too (tests/identity/test_phones.py). -#}
{% macro russian_mobile() -%}
    {{ return('^([+]7|7|8)?[ -]?[(]?9[0-9]{2}[)]?[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}$') }}
{%- endmacro %}
