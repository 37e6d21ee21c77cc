-- The records that identity works on: people and companies, without placeholders and tests, numbered from the oldest to
-- the youngest. A record that a vendor merged away and no longer shows stays here by its id alone (is_known = false), so
-- that facts which still name it find their customer. Of a birth date on 1 January only the year is taken (birth_year), of one
-- that a form puts in nothing. `first_names` are all that the first name may be short for (Слава: Вячеслав, Станислав …), as they sound
-- and with commas; a name in full is its own. One row per vendor profile.
with profiles as (
    select * from {{ ref('int_profiles') }}
),

declared_merges as (
    select * from {{ ref('int_profile_merges') }}
),

named as (
    select variant, name, sex, {{ name_key('variant') }} as variant_key, {{ spelled('variant') }} as variant_spelled
    from (
        select variant, name, sex from {{ ref('name_variants') }}
        union
        select name as variant, name, sex from {{ ref('name_variants') }}
    ) as both_kinds
),

-- Алия sounds as Аля does and is none of those that Аля is short for: what is written in Cyrillic as a name in full is that name, and what
-- is written as a short form is no name in full that sounds so.
spelled_forms as (
    select variant_spelled, variant_key, max(case when variant = name then 1 else 0 end) = 1 as is_full
    from named
    where {{ matches('variant', '^[а-яё-]+$') }}
    group by variant_spelled, variant_key
),

forms as (
    select
        variant_key,
        {{ name_key('name') }} as name_key,
        case when sex = 'male' then {{ name_key('name') }} end as mans_name_key,
        case when sex = 'female' then {{ name_key('name') }} end as womans_name_key,
        sex
    from (
        select variant_key, name, sex from named

        union all

        select spelled_forms.variant_spelled as variant_key, named.name, named.sex
        from spelled_forms
        inner join named on spelled_forms.variant_key = named.variant_key
        left join spelled_forms as others on named.variant_spelled = others.variant_spelled
        where case
                when spelled_forms.is_full then named.variant_spelled = spelled_forms.variant_spelled
                else not coalesce(others.is_full, false)
            end
    ) as found_by
),

-- Ваня signs for Иван, Саша for Александр if a man; what is short for several names is none of them, and may be each.
variants as (
    select
        variant_key,
        case when count(distinct name_key) = 1 then min(name_key) end as only_name,
        case when count(distinct mans_name_key) = 1 then min(mans_name_key) end as only_mans_name,
        case when count(distinct womans_name_key) = 1 then min(womans_name_key) end as only_womans_name,
        {{ sorted_text_list('name_key') }} as all_names,
        nullif({{ sorted_text_list('mans_name_key') }}, '') as mens_names,
        nullif({{ sorted_text_list('womans_name_key') }}, '') as womens_names,
        case when count(distinct sex) = 1 then min(sex) end as sex
    from forms
    group by variant_key
),

surnames as (
    select {{ name_key('variant') }} as variant_key, min({{ name_key('surname') }}) as last_name_key
    from {{ ref('surname_variants') }}
    group by 1
),

-- Two of these that differ are two names, and no spellings of one.
common_names as (
    select
        {{ name_key('name') }} as first_name_key,
        case when count(distinct sex) = 1 then min(sex) end as sex
    from {{ ref('name_variants') }}
    group by 1
),

-- Several names in one field are read by their words. Beside a last name what stands in the field of the first may be a first name and a
-- patronymic, or both names again; else it is a double name.
worded as (
    select
        profiles.*,
        names.first_name as read_first_name,
        names.middle_name as read_middle_name,
        names.last_name as read_last_name,
        case
            when names.whole_name is null then 'none'
            when profiles.first_name is null or (profiles.last_name is null and names.first_name is not null) then 'whole'
            when names.tells_two then 'first'
            when names.first_name is not null and coalesce(names.last_name, lower(profiles.last_name)) = lower(profiles.last_name)
                then 'first'
            else 'none'
        end as what_is_read
    from (select *, {{ whole_name() }} as whole_name from profiles) as profiles
    left join {{ ref('int_identity_names') }} as names on profiles.whole_name = names.whole_name
),

told as (
    select
        profile_id,
        source_system,
        source_account,
        source_record_id,
        kind,
        is_test,
        sex,
        birth_date,
        created_at,
        case when what_is_read = 'none' then first_name else read_first_name end as first_name,
        case when what_is_read = 'whole' then read_last_name else last_name end as last_name,
        coalesce(middle_name, case when what_is_read <> 'none' then read_middle_name end) as middle_name
    from worded
),

-- A form's default is more people's than a day of birth can be.
birth_dates as (
    select
        birth_date,
        count(*) > {{ rule('identity.records_per_birth_date') }}
        and count(*) > {{ rule('identity.share_per_birth_date') }} * sum(count(*)) over () as is_default
    from told
    where birth_date is not null and kind in ('person', 'company')
    group by birth_date
),

-- Names are few and records many: each spelling is heard once.
written as (
    select first_name as name from told
    union
    select last_name as name from told
    union
    select middle_name as name from told
),

formed as (
    select written.name, variants.variant_key as spelled_form
    from written
    left join variants on {{ spelled(without_signs('written.name')) }} = variants.variant_key
),

-- Of Иванова-Петрова also both parts, if they are names and no particles; of Bepa also how it sounds if these are Cyrillic letters.
heard as (
    select
        name,
        {{ name_key(without_signs('name')) }} as name_key,
        spelled_form,
        {{ mixes_alphabets('name') }} as mixes,
        case when {{ looks_cyrillic('name') }} then {{ name_key(read_as_cyrillic('name')) }} end as cyrillic_key,
        case
            when name like '%-%' and length(split_part(name, '-', 1)) >= 4 and length(split_part(name, '-', 2)) >= 4
                then {{ name_key("split_part(name, '-', 1)") }} || ' ' || {{ name_key("split_part(name, '-', 2)") }}
        end as parts_key
    from formed
    where name is not null and not {{ tells_no_name('name') }}
),

people as (
    select
        told.profile_id,
        told.source_system,
        told.source_account,
        told.source_record_id,
        coalesce(told.kind = 'company', false) as is_company,
        true as is_known,
        {{ key_as_meant('firsts') }} as first_name_key,
        coalesce(firsts.spelled_form, {{ key_as_meant('firsts') }}) as first_name_form,
        -- Who types the first name into both fields tells no last name.
        nullif({{ key_as_meant('lasts') }}, {{ key_as_meant('firsts') }}) as last_name_key,
        lasts.parts_key as last_name_parts,
        {{ key_as_meant('middles') }} as middle_name_key,
        case
            when not birth_dates.is_default and extract(month from told.birth_date) + extract(day from told.birth_date) > 2
                then told.birth_date
        end as birth_date,
        -- Forms offer these two years when nobody answers; they say nothing about who it is.
        case
            when not birth_dates.is_default and told.birth_date not in (cast('1900-01-01' as date), cast('1970-01-01' as date))
                then left(cast(told.birth_date as {{ dbt.type_string() }}), 4)
        end as birth_year,
        told.sex,
        told.created_at as first_seen_at
    from told
    left join heard as firsts on told.first_name = firsts.name
    left join heard as lasts on told.last_name = lasts.name
    left join heard as middles on told.middle_name = middles.name
    left join birth_dates on told.birth_date = birth_dates.birth_date
    where told.kind in ('person', 'company') and not coalesce(told.is_test, false)
),

-- The sex by which a short form is read: as told, else by the patronymic or the surname.
gendered as (
    select
        *,
        coalesce(
            sex,
            case
                when middle_name_key like '%vna' or middle_name_key like '%ichna' then 'female'
                when middle_name_key like '%ich' then 'male'
                when {{ matches('last_name_key', '(ov|ev|sk|ck|in)(a|aia)$') }} then 'female'
                when {{ matches('last_name_key', '(ov|ev|in|ski|cki)$') }} then 'male'
            end
        ) as likely_sex
    from people
),

-- Мельник is a surname since Анна and Сергей bear it; «дизайнер» may be what one Сергей does.
borne as (
    select last_name_key
    from people
    where last_name_key is not null
    group by last_name_key
    having count(distinct first_name_key) > 1
),

resolved as (
    select
        people.*,
        coalesce(
            variants.only_name,
            case people.likely_sex when 'male' then variants.only_mans_name when 'female' then variants.only_womans_name end
        ) as full_name_key,
        coalesce(
            case people.likely_sex when 'male' then variants.mens_names when 'female' then variants.womens_names end,
            variants.all_names
        ) as possible_names,
        variants.variant_key is not null as is_listed,
        variants.sex as listed_sex
    from gendered as people
    left join variants on people.first_name_form = variants.variant_key
),

shown as (
    select
        people.profile_id,
        people.source_system,
        people.source_account,
        people.source_record_id,
        people.is_company,
        people.is_known,
        common_names.first_name_key is not null as is_common_name,
        case when people.is_listed then people.listed_sex else common_names.sex end as first_name_sex,
        coalesce(people.full_name_key, people.first_name_key) as first_name_key,
        coalesce(people.full_name_key, people.possible_names, people.first_name_key) as first_names,
        coalesce(surnames.last_name_key, nullif(people.last_name_key, '')) as last_name_key,
        people.last_name_parts,
        coalesce({{ matches('people.last_name_key', surname_endings()) }} or borne.last_name_key is not null, false) as is_surname,
        people.middle_name_key,
        people.birth_date,
        people.birth_year,
        people.sex,
        people.first_seen_at
    from resolved as people
    left join surnames on people.last_name_key = surnames.variant_key
    left join borne on people.last_name_key = borne.last_name_key
    left join common_names on coalesce(people.full_name_key, people.first_name_key) = common_names.first_name_key
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
        false as is_common_name,
        cast(null as {{ dbt.type_string() }}) as first_name_sex,
        cast(null as {{ dbt.type_string() }}) as first_name_key,
        cast(null as {{ dbt.type_string() }}) as first_names,
        cast(null as {{ dbt.type_string() }}) as last_name_key,
        cast(null as {{ dbt.type_string() }}) as last_name_parts,
        false as is_surname,
        cast(null as {{ dbt.type_string() }}) as middle_name_key,
        cast(null as date) as birth_date,
        cast(null as {{ dbt.type_string() }}) as birth_year,
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
