-- Which of the attributes that the rule identity.expected_attributes names each vendor record tells, without what it tells. A field of
-- the record counts from the day of the record, since no system keeps its history; a contact from the day it is first dated.
{% set told = rule('identity.expected_attributes') %}
{% set expected = told if told is iterable else ['name'] %}
{% set of_records = {
    'name': "coalesce(full_name, trim(concat_ws(' ', last_name, first_name, middle_name)))",
    'sex': 'sex',
    'birth_date': 'cast(birth_date as ' ~ dbt.type_string() ~ ')',
    'city': 'city',
    'address': 'address',
    'acquisition_channel': 'acquisition_source',
} %}
{% set contact_told_on = 'greatest(records.known_on, coalesce(' ~ business_date('told.first_seen_at') ~ ', records.known_on))' %}
with records as (
    select * from {{ ref('customer_records') }}
),

claims as (
    {%- for attribute in expected %}
    select
        records.profile_id,
        records.source_system,
        records.customer_id,
        '{{ attribute }}' as attribute,
        {{ 'records.known_on' if attribute in of_records else contact_told_on }} as told_on
    from {{ ref('int_profiles') if attribute in of_records else ref('int_identifiers') }} as told
    inner join records on told.profile_id = records.profile_id
    where {{ "nullif(" ~ of_records[attribute] ~ ", '') is not null" if attribute in of_records
        else "told.identifier_type = '" ~ attribute ~ "' and told.rejected_because is null" }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select profile_id, source_system, customer_id, attribute, min(told_on) as told_on
    from claims
    group by profile_id, source_system, customer_id, attribute
)

select * from final
