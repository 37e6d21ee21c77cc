{#-
  From text to type, and what is wrong when it does not go. One macro per kind; a value that is no such thing gives NULL
  here and a problem in contract.sql. Digits are checked by shape first, because engines round '5.7' to 6, take '2026'
  for a moment and '1_000' for a number.
-#}

{% macro kind_value(kind, text, zone='cast(null as varchar)') -%}
    {%- set name = kind.rstrip('?') -%}
    {%- if name == 'text' -%} {{ text }}
    {%- elif name in ('json', 'rows') -%} {{ text }}
    {%- elif name == 'uuid' -%} {{ as_uuid(text) }}
    {%- elif name == 'integer' -%} {{ as_integer(text) }}
    {%- elif name == 'number' -%} {{ as_number(text) }}
    {%- elif name == 'money' -%} {{ as_money(text) }}
    {%- elif name == 'kopecks' -%} {{ as_kopecks(text) }}
    {%- elif name == 'boolean' -%} {{ as_boolean(text) }}
    {%- elif name == 'date' -%} {{ possible_date(as_date(text)) }}
    {%- elif name == 'open_date' -%} {{ open_date(as_date(text)) }}
    {%- elif name in ('utc', 'moscow', 'local') -%}
        {{ possible_date(as_moment(text, name, zone)) }}
    {%- elif name == 'day_first' -%} {{ possible_date(as_day_first(text, zone)) }}
    {%- elif name == 'epoch_ms' -%} {{ possible_date(as_epoch_ms(text)) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("The contract names the kind '" ~ kind ~ "', which macros/engine/kinds.sql does not know.") }}
    {%- endif -%}
{%- endmacro %}


{% macro kind_type(kind) -%}
    {%- set name = kind.rstrip('?') -%}
    {{ return({
        'integer': dbt.type_bigint(), 'number': type_double(), 'money': 'decimal(18, 2)', 'kopecks': 'decimal(18, 2)',
        'boolean': dbt.type_boolean(), 'date': 'date', 'open_date': 'date', 'utc': 'timestamp', 'moscow': 'timestamp', 'local': 'timestamp',
        'day_first': 'timestamp', 'epoch_ms': 'timestamp',
    }.get(name, dbt.type_string())) }}
{%- endmacro %}

{#- What first_problem() says, as SQL text, about a value of this kind that became NULL. -#}
{% macro kind_complaint(kind, label, text) -%}
    {%- if kind in ('date', 'open_date') -%}
    case when {{ as_date(text) }} is null then '{{ label }}: not a date' else '{{ label }}: impossible date' end
    {%- elif kind in ('utc', 'moscow', 'local') -%}
    case when {{ as_moment(text, kind, "'UTC'") }} is null then '{{ label }}: not a time' else '{{ label }}: impossible date' end
    {%- elif kind == 'day_first' -%}
    case when {{ as_day_first(text, "'UTC'") }} is null then '{{ label }}: not a time' else '{{ label }}: impossible date' end
    {%- elif kind == 'epoch_ms' -%}
    case when {{ as_epoch_ms(text) }} is null then '{{ label }}: not a time' else '{{ label }}: impossible date' end
    {%- else -%}
    '{{ label }}: {{ {
        'integer': 'not an integer', 'number': 'not a number', 'money': 'not money', 'kopecks': 'not money',
        'boolean': 'not a boolean', 'uuid': 'not a uuid',
    }[kind] }}'
    {%- endif -%}
{%- endmacro %}


{% macro type_double() -%}{{ return(adapter.dispatch('type_double')()) }}{%- endmacro %}
{% macro duckdb__type_double() -%}{{ return('double') }}{%- endmacro %}
{% macro spark__type_double() -%}{{ return('double') }}{%- endmacro %}

{% macro matches(text, pattern) -%}{{ return(adapter.dispatch('matches')(text, pattern)) }}{%- endmacro %}
{% macro duckdb__matches(text, pattern) -%}{{ return("regexp_matches(" ~ text ~ ", '" ~ pattern ~ "')") }}{%- endmacro %}
{% macro spark__matches(text, pattern) -%}{{ return(text ~ " rlike '" ~ pattern ~ "'") }}{%- endmacro %}

{% macro number_shape() -%}{{ return('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$') }}{%- endmacro %}


{% macro as_uuid(text) -%}
    case when {{ matches(text, '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$') }} then lower({{ text }}) end
{%- endmacro %}

{% macro as_integer(text) -%}
    case
        when {{ matches(text, '^[+-]?[0-9]+([.]0*)?$') }}
            then try_cast(try_cast({{ text }} as decimal(38, 0)) as {{ dbt.type_bigint() }})
    end
{%- endmacro %}

{% macro as_number(text) -%}
    case when {{ matches(text, number_shape()) }} then try_cast({{ text }} as {{ type_double() }}) end
{%- endmacro %}

{% macro as_money(text) -%}
    case when {{ matches(text, number_shape()) }} then try_cast({{ text }} as decimal(18, 2)) end
{%- endmacro %}

{% macro as_kopecks(text) -%}
    case
        when {{ matches(text, number_shape()) }}
            then try_cast(try_cast({{ text }} as decimal(22, 4)) * cast(0.01 as decimal(3, 2)) as decimal(18, 2))
    end
{%- endmacro %}

{% macro as_boolean(text) -%}
    case lower({{ text }}) when 'true' then true when '1' then true when 'false' then false when '0' then false end
{%- endmacro %}

{#- A date, also when the vendor writes it as a moment: its calendar day as written. -#}
{% macro as_date(text) -%}
    case
        when {{ matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$') }}
            then try_cast(substring({{ text }}, 1, 10) as date)
    end
{%- endmacro %}


{#- A moment in UTC. An offset in the text always wins over the zone that the contract assumes. -#}
{% macro as_moment(text, kind, zone) -%}
    {%- set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)' -%}
    {%- set offset = ' ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)' -%}
    case
        when {{ matches(text, '^' ~ day ~ time ~ offset ~ '$') }} then {{ moment_with_offset(text) }}
        when {{ matches(text, '^' ~ day ~ time ~ '?$') }}
            then {{ moment_in_zone(text, {'utc': none, 'moscow': "'Europe/Moscow'", 'local': zone}[kind]) }}
    end
{%- endmacro %}

{% macro moment_with_offset(text) -%}{{ adapter.dispatch('moment_with_offset')(text) }}{%- endmacro %}
{% macro duckdb__moment_with_offset(text) -%}
    {#- The cast wants seconds, and no space before the offset. #}
    timezone('UTC', try_cast(
        left({{ text }}, 16) || case when substring({{ text }}, 17, 1) = ':' then '' else ':00' end
        || replace(substring({{ text }}, 17), ' ', '') as timestamptz
    ))
{%- endmacro %}
{% macro spark__moment_with_offset(text) -%}
    try_cast(regexp_replace({{ text }}, '([+-][0-9]{2})([0-9]{2})$', '$1:$2') as timestamp)
{%- endmacro %}

{% macro moment_in_zone(text, zone) -%}{{ adapter.dispatch('moment_in_zone')(text, zone) }}{%- endmacro %}
{% macro duckdb__moment_in_zone(text, zone) -%}
    {%- if zone is none -%} try_cast({{ text }} as timestamp)
    {%- else -%} timezone('UTC', timezone({{ zone }}, try_cast({{ text }} as timestamp))) {%- endif -%}
{%- endmacro %}
{% macro spark__moment_in_zone(text, zone) -%}
    {%- if zone is none -%} try_cast({{ text }} as timestamp)
    {%- else -%} to_utc_timestamp(try_cast({{ text }} as timestamp), {{ zone }}) {%- endif -%}
{%- endmacro %}

{#- 29/11/2016 9:05:00: a wall clock written day first. The hour may have one digit. -#}
{% macro as_day_first(text, zone) -%}
    {%- set iso -%}
    substring({{ text }}, 7, 4) || '-' || substring({{ text }}, 4, 2) || '-' || substring({{ text }}, 1, 2)
    || ' ' || lpad(trim(substring({{ text }}, 11)), 8, '0')
    {%- endset -%}
    case
        when {{ matches(text, '^[0-9]{2}/[0-9]{2}/[0-9]{4} +[0-9]{1,2}:[0-9]{2}:[0-9]{2}$') }}
            then {{ moment_in_zone(iso, zone) }}
    end
{%- endmacro %}

{#- 1480410300000: milliseconds since 1970. Fewer digits would be seconds, and a moment in January 1970. -#}
{% macro as_epoch_ms(text) -%}{{ adapter.dispatch('as_epoch_ms')(text) }}{%- endmacro %}
{% macro duckdb__as_epoch_ms(text) -%}
    case when {{ matches(text, '^[0-9]{12,14}$') }} then make_timestamp(try_cast({{ text }} as bigint) * 1000) end
{%- endmacro %}
{% macro spark__as_epoch_ms(text) -%}
    case when {{ matches(text, '^[0-9]{12,14}$') }} then timestamp_millis(try_cast({{ text }} as bigint)) end
{%- endmacro %}


{#- Dates outside 1900 … five years from the refresh (0001-01-01, 9999-12-31) say that nobody knew. -#}
{% macro possible_date(value) -%}
    case when {{ value }} between date '1900-01-01' and {{ latest_possible_date() }} then {{ value }} end
{%- endmacro %}

{#- The end of something that may be meant for ever: 2099-12-31 is believed. -#}
{% macro open_date(value) -%}
    case when {{ value }} >= date '1900-01-01' then {{ value }} end
{%- endmacro %}

{% macro latest_possible_date() -%}
    {%- set day = as_of_day() -%}
    {{ return("date '" ~ (day[:4] | int + 5) ~ "-12-31'") }}
{%- endmacro %}
