-- Everybody once: a person or company, with its golden record and the record that each attribute came from; one row per
-- resolved customer.
{% set attributes = ['name', 'sex', 'birth_date', 'city', 'address', 'email', 'phone', 'loyalty_card', 'acquisition_channel'] %}
with customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

profiles as (
    select * from {{ ref('int_profiles') }}
),

attributes as (
    select * from {{ ref('int_customer_attributes') }}
),

golden as (
    select
        {%- for attribute in attributes %}
        max(case when attribute = '{{ attribute }}' then attribute_value end) as {{ attribute }},
        max(case when attribute = '{{ attribute }}' then profile_id end) as {{ attribute }}_source,
        {%- endfor %}
        customer_id
    from attributes
    group by customer_id
),

systems as (
    select
        customer_of_profile.customer_id,
        profiles.source_system
    from profiles
    inner join customer_of_profile on profiles.profile_id = customer_of_profile.profile_id
    group by 1, 2
),

named_systems as (
    select
        customer_id,
        {{ sorted_text_list('source_system') }} as source_systems,
        count(*) as systems_count
    from systems
    group by customer_id
),

counted as (
    select
        customer_of_profile.customer_id,
        min(profiles.created_at) as first_seen_at,
        count(*) as profiles_count,
        max(case when profiles.is_employee then 1 else 0 end) = 1 as is_employee,
        max(case when profiles.is_b2b or profiles.kind = 'company' then 1 else 0 end) = 1 as is_b2b
    from profiles
    inner join customer_of_profile on profiles.profile_id = customer_of_profile.profile_id
    group by 1
),

final as (
    select
        counted.customer_id,
        counted.first_seen_at,
        counted.profiles_count,
        named_systems.source_systems,
        named_systems.systems_count,
        counted.is_employee,
        counted.is_b2b,
        golden.name as full_name,
        golden.name_source as full_name_source,
        golden.sex,
        golden.sex_source,
        cast(golden.birth_date as date) as birth_date,
        golden.birth_date_source,
        golden.city,
        golden.city_source,
        golden.address,
        golden.address_source,
        golden.email,
        golden.email_source,
        golden.phone,
        golden.phone_source,
        golden.loyalty_card,
        golden.loyalty_card_source,
        golden.acquisition_channel,
        golden.acquisition_channel_source
    from counted
    inner join named_systems on counted.customer_id = named_systems.customer_id
    left join golden on counted.customer_id = golden.customer_id
)

select * from final
