-- The records that identity works on: people and companies, without placeholders and tests, numbered from the oldest to
-- the youngest. A record that a vendor merged away and no longer shows stays here by its id alone (is_known = false), so
-- that facts which still name it find their customer; one row per vendor profile.
with profiles as (
    select * from {{ ref('int_profiles') }}
),

declared_merges as (
    select * from {{ ref('int_profile_merges') }}
),

-- Ваня signs for Иван; a variant of two names is none of them.
variants as (
    select
        {{ name_key('variant') }} as variant_key,
        min({{ name_key('name') }}) as first_name_key
    from {{ ref('name_variants') }}
    group by 1
    having count(distinct {{ name_key('name') }}) = 1
),

-- A form with one field for the whole name: the words, in either order.
told as (
    select
        profiles.*,
        case when first_name is null and last_name is null then split_part(trim(full_name), ' ', 1) end as word_one,
        case when first_name is null and last_name is null then split_part(trim(full_name), ' ', 2) end as word_two
    from profiles
),

-- Names are few and records many: each spelling is heard once.
written as (
    select first_name as name from told
    union
    select last_name as name from told
    union
    select middle_name as name from told
    union
    select word_one as name from told
    union
    select word_two as name from told
),

heard as (
    select name, {{ name_key('name') }} as name_key from written
    where name is not null
),

-- What is a first name: whatever a form that asks for one was told, and the seed's names and their short forms.
known_names as (
    select heard.name_key
    from profiles
    inner join heard on profiles.first_name = heard.name

    union

    select {{ name_key('variant') }} as name_key from {{ ref('name_variants') }}

    union

    select {{ name_key('name') }} as name_key from {{ ref('name_variants') }}
),

people as (
    select
        told.profile_id,
        told.source_system,
        told.source_account,
        told.source_record_id,
        coalesce(told.kind = 'company', false) as is_company,
        true as is_known,
        firsts.name_key as first_name_key,
        lasts.name_key as last_name_key,
        middles.name_key as middle_name_key,
        ones.name_key as word_one,
        twos.name_key as word_two,
        -- Forms offer these two when nobody answers; they say nothing about who it is.
        case
            when told.birth_date not in (cast('1900-01-01' as date), cast('1970-01-01' as date)) then told.birth_date
        end as birth_date,
        told.sex,
        told.created_at as first_seen_at
    from told
    left join heard as firsts on told.first_name = firsts.name
    left join heard as lasts on told.last_name = lasts.name
    left join heard as middles on told.middle_name = middles.name
    left join heard as ones on told.word_one = ones.name
    left join heard as twos on told.word_two = twos.name
    where told.kind in ('person', 'company') and not coalesce(told.is_test, false)
),

read as (
    select
        people.*,
        coalesce(
            people.first_name_key,
            case when one.name_key is not null then people.word_one when two.name_key is not null then people.word_two end
        ) as read_first_name_key,
        coalesce(
            people.last_name_key,
            case when one.name_key is not null then people.word_two when two.name_key is not null then people.word_one end
        ) as read_last_name_key
    from people
    left join known_names as one on nullif(people.word_one, '') = one.name_key
    left join known_names as two on nullif(people.word_two, '') = two.name_key
),

shown as (
    select
        people.profile_id,
        people.source_system,
        people.source_account,
        people.source_record_id,
        people.is_company,
        people.is_known,
        coalesce(variants.first_name_key, people.read_first_name_key) as first_name_key,
        nullif(people.read_last_name_key, '') as last_name_key,
        people.middle_name_key,
        people.birth_date,
        people.sex,
        people.first_seen_at
    from read as people
    left join variants on people.read_first_name_key = variants.variant_key
),

merged_away as (
    select distinct
        source_system || ':' || source_account || ':' || merged_record_id as profile_id,
        source_system,
        source_account,
        merged_record_id as source_record_id
    from declared_merges
    where merged_record_id is not null
),

hidden as (
    select merged_away.*
    from merged_away
    left join profiles on merged_away.profile_id = profiles.profile_id
    where profiles.profile_id is null
),

everyone as (
    select * from shown

    union all

    select
        profile_id,
        source_system,
        source_account,
        source_record_id,
        false as is_company,
        false as is_known,
        cast(null as {{ dbt.type_string() }}) as first_name_key,
        cast(null as {{ dbt.type_string() }}) as last_name_key,
        cast(null as {{ dbt.type_string() }}) as middle_name_key,
        cast(null as date) as birth_date,
        cast(null as {{ dbt.type_string() }}) as sex,
        cast(null as timestamp) as first_seen_at
    from hidden
),

final as (
    select
        row_number() over (order by first_seen_at nulls last, profile_id) as profile_no,
        everyone.*
    from everyone
)

select * from final
