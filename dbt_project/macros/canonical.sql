{#-
  The canonical entities: the typed door where vendors meet. One place for names, order and types; staging models give these
  columns (a vendor that lacks one leaves it out), canonical_union() lays them over each other.
-#}
{% macro canonical_columns(entity) -%}
    {%- set every = [('source_system', 'text'), ('source_account', 'text'), ('source_record_id', 'text')] -%}
    {%- set entities = {
        'profiles': [
            ('kind', 'text'), ('first_name', 'text'), ('last_name', 'text'), ('middle_name', 'text'), ('full_name', 'text'),
            ('sex', 'text'), ('birth_date', 'date'), ('city', 'text'), ('region', 'text'), ('address', 'text'),
            ('is_employee', 'boolean'), ('is_b2b', 'boolean'), ('is_test', 'boolean'), ('acquisition_source', 'text'),
            ('created_at', 'timestamp'), ('changed_at', 'timestamp'), ('custom_fields', 'text')],
        'identifiers': [
            ('identifier_type', 'text'), ('identifier_namespace', 'text'), ('identifier_value', 'text'),
            ('first_seen_at', 'timestamp'), ('last_seen_at', 'timestamp')],
        'profile_merges': [('merged_record_id', 'text'), ('merged_at', 'timestamp')],
        'consents': [
            ('channel', 'text'), ('topic', 'text'), ('brand', 'text'), ('contact_point', 'text'),
            ('is_subscribed', 'boolean'), ('changed_at', 'timestamp'), ('seen_at', 'timestamp')],
        'orders': [
            ('order_kind', 'text'), ('order_number', 'text'), ('external_order_id', 'text'),
            ('mirrored_source_system', 'text'), ('mirror_number', 'text'), ('fiscal_key', 'text'),
            ('receipts_count', 'integer'), ('profile_record_id', 'text'), ('brand', 'text'),
            ('ordered_at', 'timestamp'), ('shift_began_at', 'timestamp'), ('raw_order_method', 'text'),
            ('raw_status', 'text'), ('raw_fulfilment', 'text'),
            ('raw_payment_type', 'text'), ('store_record_id', 'text'), ('employee_record_id', 'text'),
            ('delivery_region', 'text'), ('delivery_city', 'text'), ('promised_on', 'date'), ('received_at', 'timestamp'),
            ('cancelled_at', 'timestamp'), ('status_changed_at', 'timestamp'), ('gross_amount', 'money'),
            ('discount_amount', 'money'), ('points_discount_amount', 'money'), ('delivery_amount', 'money'),
            ('net_revenue', 'money'), ('currency', 'text'), ('points_redeemed', 'number'), ('points_earned', 'number'),
            ('is_test', 'boolean'), ('is_b2b', 'boolean'), ('is_employee_purchase', 'boolean'), ('contact_email', 'text'),
            ('contact_phone', 'text'), ('custom_fields', 'text')],
        'order_lines': [
            ('order_record_id', 'text'), ('line_number', 'integer'), ('product_record_id', 'text'), ('article', 'text'),
            ('barcode', 'text'), ('product_name', 'text'), ('quantity', 'number'), ('unit_price', 'money'),
            ('discount_amount', 'money'), ('points_discount_amount', 'money'), ('net_amount', 'money'),
            ('cost_amount', 'money'), ('is_cancelled', 'boolean')],
        'order_discounts': [('order_record_id', 'text'), ('discount_type', 'text'), ('amount', 'money')],
        'returns': [
            ('order_record_id', 'text'), ('profile_record_id', 'text'), ('returned_at', 'timestamp'), ('amount', 'money'),
            ('raw_return_channel', 'text'), ('store_record_id', 'text'), ('employee_record_id', 'text'), ('reason', 'text'),
            ('currency', 'text'), ('fiscal_key', 'text'), ('external_return_id', 'text')],
        'sale_costs': [
            ('order_record_id', 'text'), ('order_number', 'text'), ('store_record_id', 'text'), ('product_record_id', 'text'),
            ('sold_from', 'timestamp'), ('sold_at', 'timestamp'), ('quantity', 'number'), ('revenue', 'money'),
            ('cost', 'money'), ('currency', 'text')],
        'gift_card_sales': [
            ('card_number', 'text'), ('profile_record_id', 'text'), ('store_record_id', 'text'), ('employee_record_id', 'text'),
            ('sold_at', 'timestamp'), ('amount', 'money'), ('currency', 'text')],
        'settlements': [
            ('order_record_id', 'text'), ('report_number', 'text'), ('settled_on', 'date'), ('operation', 'text'),
            ('quantity', 'number'), ('sale_amount', 'money'), ('for_sale_amount', 'money'), ('logistics_amount', 'money'),
            ('penalty_amount', 'money'), ('storage_amount', 'money'), ('deduction_amount', 'money'), ('payout_amount', 'money'),
            ('currency', 'text')],
        'payments': [
            ('order_record_id', 'text'), ('raw_payment_type', 'text'), ('amount', 'money'), ('paid_at', 'timestamp'),
            ('status', 'text')],
        'products': [
            ('external_id', 'text'), ('article', 'text'), ('barcode', 'text'), ('name', 'text'), ('brand', 'text'),
            ('category', 'text'), ('subcategory', 'text'), ('category_level_3', 'text'), ('category_level_4', 'text'),
            ('price', 'money'), ('cost', 'money'), ('is_exclusive', 'boolean'), ('is_archived', 'boolean'),
            ('is_gift_card', 'boolean')],
        'stores': [
            ('external_id', 'text'), ('name', 'text'), ('region', 'text'), ('city', 'text'), ('address', 'text'),
            ('format', 'text'), ('time_zone', 'text'), ('is_franchise', 'boolean'), ('opened_on', 'date'),
            ('closed_on', 'date'), ('kind', 'text')],
        'employees': [
            ('name', 'text'), ('email', 'text'), ('phone', 'text'), ('store_record_id', 'text'), ('is_active', 'boolean')],
        'stock_levels': [
            ('product_record_id', 'text'), ('store_record_id', 'text'), ('stock_on', 'date'), ('quantity', 'number'),
            ('reserved', 'number')],
        'campaigns': [
            ('name', 'text'), ('system_name', 'text'), ('message_type', 'text'), ('trigger_name', 'text'),
            ('channel', 'text'), ('topic', 'text'), ('brand', 'text'), ('created_at', 'timestamp'), ('utm_source', 'text'),
            ('utm_medium', 'text'), ('utm_campaign', 'text')],
        'message_events': [
            ('message_record_id', 'text'), ('campaign_record_id', 'text'), ('profile_record_id', 'text'),
            ('channel', 'text'), ('brand', 'text'), ('event', 'text'), ('happened_at', 'timestamp'),
            ('contact_point', 'text'), ('raw_reason', 'text')],
        'loyalty_programmes': [('name', 'text'), ('started_on', 'date')],
        'loyalty_accounts': [
            ('profile_record_id', 'text'), ('programme_record_id', 'text'), ('card_number', 'text'), ('phone', 'text'),
            ('status', 'text'), ('enrolled_at', 'timestamp'), ('closed_at', 'timestamp'), ('is_closed_at_assumed', 'boolean'),
            ('vendor_balance', 'number'), ('balance_told_at', 'timestamp')],
        'loyalty_operations': [
            ('loyalty_account_record_id', 'text'), ('profile_record_id', 'text'), ('operation_type', 'text'),
            ('cancels_type', 'text'), ('points', 'number'), ('is_pending', 'boolean'), ('available_on', 'date'),
            ('occurred_at', 'timestamp'), ('order_record_id', 'text'), ('order_number', 'text'), ('mirror_key', 'text')],
        'segments': [('profile_record_id', 'text'), ('segment_code', 'text'), ('segment_name', 'text')],
        'tickets': [
            ('ticket_number', 'text'), ('profile_record_id', 'text'), ('raw_channel', 'text'), ('raw_type', 'text'),
            ('raw_priority', 'text'), ('raw_status', 'text'), ('subject', 'text'), ('employee_reference', 'text'),
            ('order_number', 'text'), ('contact_email', 'text'), ('contact_phone', 'text'), ('created_at', 'timestamp'),
            ('changed_at', 'timestamp'), ('first_response_due_at', 'timestamp'), ('resolution_due_at', 'timestamp'),
            ('is_created_by_agent', 'boolean'), ('custom_fields', 'text')],
        'ticket_events': [
            ('ticket_record_id', 'text'), ('event', 'text'), ('author', 'text'), ('is_public', 'boolean'),
            ('raw_status', 'text'), ('employee_reference', 'text'), ('happened_at', 'timestamp')],
        'calls': [
            ('direction', 'text'), ('customer_phone', 'text'), ('own_phone', 'text'), ('queue', 'text'),
            ('employee_reference', 'text'), ('store_reference', 'text'), ('order_number', 'text'), ('started_at', 'timestamp'),
            ('answered_at', 'timestamp'), ('ended_at', 'timestamp'), ('is_answered', 'boolean'), ('is_ivr_only', 'boolean'),
            ('wait_seconds', 'number'), ('talk_seconds', 'number'), ('raw_result', 'text'), ('client_id', 'text'),
            ('raw_traffic_source', 'text'), ('utm_source', 'text'), ('utm_medium', 'text'), ('utm_campaign', 'text')],
        'leads': [
            ('profile_record_id', 'text'), ('happened_at', 'timestamp'), ('subject', 'text'), ('contact_email', 'text'),
            ('contact_phone', 'text'), ('order_number', 'text'), ('client_id', 'text'), ('raw_traffic_source', 'text'),
            ('utm_source', 'text'), ('utm_medium', 'text'), ('utm_campaign', 'text')],
        'sessions': [
            ('session_kind', 'text'), ('client_id', 'text'), ('profile_record_id', 'text'), ('started_at', 'timestamp'),
            ('ended_at', 'timestamp'), ('raw_device', 'text'), ('raw_traffic_source', 'text'), ('utm_source', 'text'),
            ('utm_medium', 'text'), ('utm_campaign', 'text'), ('attribution_model', 'text'), ('is_new_visitor', 'boolean'),
            ('pageviews', 'integer'), ('landing_url', 'text'), ('city', 'text')],
        'session_events': [
            ('session_record_id', 'text'), ('session_kind', 'text'), ('client_id', 'text'), ('profile_record_id', 'text'),
            ('event', 'text'), ('happened_at', 'timestamp'), ('product_reference', 'text'), ('quantity', 'number'),
            ('amount', 'money'), ('order_number', 'text'), ('goal', 'text')],
        'device_evidence': [
            ('device_type', 'text'), ('device_key', 'text'), ('session_record_id', 'text'), ('evidence_type', 'text'),
            ('identifier_type', 'text'), ('identifier_namespace', 'text'), ('identifier_value', 'text'),
            ('seen_at', 'timestamp')],
        'survey_answers': [
            ('survey_type', 'text'), ('survey_name', 'text'), ('raw_channel', 'text'), ('question', 'text'),
            ('score', 'number'), ('scale_min', 'number'), ('scale_max', 'number'), ('importance', 'number'),
            ('comment', 'text'), ('answered_at', 'timestamp'), ('profile_record_id', 'text'), ('contact_email', 'text'),
            ('contact_phone', 'text'), ('order_number', 'text'), ('store_reference', 'text'), ('ticket_record_id', 'text')],
        'channel_costs': [
            ('cost_on', 'date'), ('raw_channel', 'text'), ('campaign_name', 'text'), ('utm_campaign', 'text'),
            ('impressions', 'integer'), ('clicks', 'integer'), ('cost', 'money'), ('currency', 'text')],
        'store_traffic': [('store_reference', 'text'), ('counted_at', 'timestamp'), ('entrants', 'integer')],
        'wifi_visits': [
            ('store_reference', 'text'), ('device_key', 'text'), ('entered_at', 'timestamp'), ('left_at', 'timestamp')],
        'event_visits': [
            ('event_name', 'text'), ('store_reference', 'text'), ('attended_at', 'timestamp'),
            ('profile_record_id', 'text'), ('contact_email', 'text'), ('contact_phone', 'text')],
        'promotions': [
            ('name', 'text'), ('promo_code', 'text'), ('discount_type', 'text'), ('raw_channel', 'text'),
            ('starts_on', 'date'), ('ends_on', 'date'), ('budget', 'money')],
    } -%}
    {%- if entity not in entities -%}
        {{ exceptions.raise_compiler_error("There is no canonical entity '" ~ entity ~ "'; macros/canonical.sql names them.") }}
    {%- endif -%}
    {{ return(every + entities[entity]) }}
{%- endmacro %}


{% macro canonical_type(name) -%}
    {{ return({
        'text': dbt.type_string(), 'integer': dbt.type_int(), 'number': type_double(), 'money': 'decimal(18, 2)',
        'boolean': dbt.type_boolean(), 'date': 'date', 'timestamp': 'timestamp',
    }[name]) }}
{%- endmacro %}


{#- canonical_union('orders', ['stg_a__orders', 'stg_b__orders']): a column that a model lacks becomes a typed NULL. An entity
    that no vendor gives yet is there and empty. -#}
{% macro canonical_union(entity, models) -%}
    {%- set columns = canonical_columns(entity) -%}
    {%- if not models %}
    select
        {%- for name, type in columns %}
        cast(null as {{ canonical_type(type) }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endif -%}
    {%- for model in models %}
    {%- set relation = ref(model) %}
    {%- set present = [] -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do present.append(column.name | lower) -%}
        {%- endfor -%}
    {%- endif %}
    select
        {%- for name, type in columns %}
        {%- set value = currency_code(name) if name == 'currency' else name %}
        cast({{ value if name in present or not present else 'null' }} as {{ canonical_type(type) }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#-
  A currency as ISO 4217 spells it, from what vendors write: ' rub', 'RUR', 'руб.', '643'. What is none of these stays as it is, so that it
  stands in unmapped_values and its money in no sum; blank is NULL, the reporting currency.
-#}
{% macro currency_code(text) -%}
    {%- set spelled = {
        'RUB': ['RUR', '643', '810', 'РУБ', 'РУБ.', 'Р', 'Р.', '₽'], 'KZT': ['398', '₸'], 'BYN': ['933', 'BYR'], 'USD': ['840', '$'],
        'EUR': ['978', '€'], 'CNY': ['156', 'RMB', '¥'], 'UZS': ['860'], 'KGS': ['417'], 'AMD': ['051', '51'], 'AZN': ['944'],
        'GEL': ['981'], 'TRY': ['949'], 'AED': ['784'], 'GBP': ['826', '£'],
    } -%}
    case upper(trim({{ text }}))
        when '' then null
        {%- for code, words in spelled.items() %}
        {%- for word in words %}
        when '{{ word }}' then '{{ code }}'
        {%- endfor %}
        {%- endfor %}
        else upper(trim({{ text }}))
    end
{%- endmacro %}
