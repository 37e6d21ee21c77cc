-- Cards, phones and e-mails of loyalty accounts, as written; one row per account and type.
with

accounts as (
    select * from {{ ref('stg_file_drop__loyalty_accounts') }}
),

told as (
    {%- for column, name in [('card_number', 'loyalty_card'), ('phone', 'phone'), ('email', 'email')] %}
    select source_system, source_account, source_record_id, '{{ name }}' as identifier_type, {{ column }} as identifier_value, version_at
    from accounts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    source_system,
    source_account,
    source_record_id,
    identifier_type,
    cast(null as {{ dbt.type_string() }}) as identifier_namespace,
    identifier_value,
    cast(null as timestamp) as first_seen_at,
    version_at as last_seen_at
from told
where identifier_value is not null
