{# A record's key; where its account has no id but its card, a keyed hash of it, since card numbers are not published and a hash
   without a key is found again by trying all cards. What uses it is a table: Spark keeps no view of a function that is lent to it. #}
{% macro without_card(key, account='account_id') -%}
case when {{ account }} like 'card:%' then {{ keyed_hash(key) }} else {{ key }} end
{%- endmacro %}
