-- Whole names told in one field, read by their words. Titles, «ИП», what stands for no name («клиент», «заявка с сайта»), signs and words
-- with digits are left out; of two people («Анна и Иван») nothing is read. A patronymic is known by its ending wherever it is not the first
-- word nor told more often as a last name, and the word before it is the first name; initials are the first name and the patronymic beside
-- a surname; else the first name is the word that is one (of the seed name_variants, or told in the field of the first name more often than
-- in that of the last), or the one that ends unlike a surname beside one that does. What is left is the surname, where a first name was
-- found or a word is a surname, by its ending or by what others tell; else it may be anything. One row per text.
{%- set words = [1, 2, 3, 4, 5] %}
{%- set not_of_names = '[^' ~ in_names() ~ ']+' %}
with profiles as (
    select first_name, last_name, middle_name, full_name, kind from {{ ref('int_profiles') }}
),

whole as (
    select distinct {{ whole_name() }} as whole_name
    from profiles
),

without_digits as (
    select
        whole_name,
        {{ replace_all(replace_all("lower(whole_name)", '[^ ]*[0-9@][^ ]*', ' '), not_of_names, '  ') }} as text
    from whole
    where whole_name is not null
),

cleaned as (
    select
        whole_name,
        {{ matches('text', '[^ ]{2,}  (и|and)  [^ ]{2,}') }} and not {{ matches('text', '(вич|вна)( |$)') }} as tells_two,
        trim({{ replace_all(replace_all(with_fathers_joined("' ' || text || ' '"), ' (-+|' ~ no_names() ~ ') ', ' '), ' +', ' ') }}) as text
    from without_digits
),

spoken as (
    {% for n in words -%}
    select whole_name, {{ n }} as n, nullif(split_part(text, ' ', {{ n }}), '') as word
    from cleaned
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
),

heard as (
    select word, {{ name_key('word') }} as name_key
    from (select distinct word from spoken where word is not null) as distinct_words
),

-- Names are few and records many: each spelling is heard once.
fields as (
    select {{ name_key('name') }} as name_key, times_first
    from (
        select first_name as name, count(*) as times_first
        from profiles
        where kind = 'person' and first_name is not null
        group by 1

        union all

        select last_name as name, -count(*) as times_first
        from profiles
        where kind = 'person' and last_name is not null
        group by 1

        union all

        select middle_name as name, count(*) as times_first
        from profiles
        where kind = 'person' and middle_name is not null
        group by 1
    ) as spellings
),

fathers as (
    select distinct {{ name_key('variant') }} as name_key
    from (
        select variant from {{ ref('name_variants') }}
        where sex = 'male'
        union
        select name as variant from {{ ref('name_variants') }}
        where sex = 'male'
    ) as mens_names
),

-- Who writes a patronymic as a last name makes none of it: Сергеевич of Сергей is no surname, Гуревич of nobody is.
surnames as (
    select name_key
    from (
        select name_key, {{ fathers_name('name_key') }} as fathers_name from fields
        group by name_key
        having sum(times_first) < 0
    ) as last_names
    where name_key = fathers_name
        or not (
            fathers_name in (select fathers.name_key from fathers)
            or fathers_name || 'i' in (select fathers.name_key from fathers)
            or fathers_name in ('pavl', 'lv', 'iakovl')
        )
),

known as (
    select name_key, max(sureness) as sureness, case when count(distinct sex) = 1 then min(sex) end as sex
    from (
        select {{ name_key('name') }} as name_key, 3 as sureness, sex from {{ ref('name_variants') }}
        union all
        select {{ name_key('variant') }} as name_key, 2 as sureness, sex from {{ ref('name_variants') }}
        union all
        select name_key, 1 as sureness, cast(null as {{ dbt.type_string() }}) as sex from fields
        group by name_key
        having sum(times_first) > 0
    ) as first_names
    group by name_key
),

judged as (
    select
        spoken.whole_name,
        spoken.n,
        spoken.word,
        length(spoken.word) = 1 as is_initial,
        -- Анна Гуревич has a man's patronymic for a surname.
        {{ matches('heard.name_key', patronymic_endings()) }}
        and spoken.n > 1
        and surnames.name_key is null
        and not (
            heard.name_key like '%ich'
            and coalesce(lag(known.sex) over (partition by spoken.whole_name order by spoken.n) = 'female', false)
        ) as is_patronymic,
        ({{ matches('heard.name_key', surname_endings()) }} and not {{ matches('heard.name_key', patronymic_endings()) }})
        or surnames.name_key is not null as is_surname,
        coalesce(known.sureness, 0) as sureness
    from spoken
    inner join heard on spoken.word = heard.word
    left join known on heard.name_key = known.name_key
    left join surnames on heard.name_key = surnames.name_key
),

ranked as (
    select
        judged.*,
        row_number() over (partition by whole_name, is_initial order by n) as nth,
        row_number() over (partition by whole_name, is_initial order by sureness desc, n) as place
    from judged
),

counted as (
    select
        whole_name,
        min(case when is_patronymic then n end) as patronymic_n,
        min(case when is_initial and nth = 1 then n end) as initial_n,
        min(case when is_initial and nth = 2 then n end) as other_initial_n,
        sum(case when is_initial then 1 else 0 end) as initials,
        sum(case when is_initial then 0 else 1 end) as others,
        sum(case when not is_initial and sureness > 1 then 1 else 0 end) as first_names,
        max(case when is_initial then 0 else sureness end) as sureness,
        min(case when not is_initial and place = 1 then n end) as known_n,
        max(case when is_surname and not is_initial then 1 else 0 end) = 1 as tells_surname,
        min(case when not is_initial and not is_surname then n end) as no_surname_n
    from ranked
    group by whole_name
),

placed as (
    select
        counted.*,
        case
            when patronymic_n is not null then patronymic_n - 1
            -- «Сидоров А. А.»; but «Алексей С.» tells the first letter of a surname.
            when initials > 0 and others <= 1 and not (others = 1 and initials = 1 and sureness > 1) then initial_n
            when sureness > 0 then known_n
            when tells_surname then no_surname_n
        end as first_n,
        case
            when patronymic_n is not null then patronymic_n
            when initials > 0 and others <= 1 and not (others = 1 and initials = 1 and sureness > 1) then other_initial_n
            when initials > 0 and others > 1 then initial_n
        end as middle_n
    from counted
),

read as (
    select
        cleaned.whole_name,
        placed.first_n is not null or placed.tells_surname as tells_last_name,
        cleaned.tells_two
        or ({{ matches('cleaned.whole_name', '[+,/&]') }} and placed.others = 2 and placed.first_names = 2) as tells_two,
        nullif(split_part(cleaned.text, ' ', cast(placed.first_n as int)), '') as first_name,
        nullif(split_part(cleaned.text, ' ', cast(placed.middle_n as int)), '') as middle_name,
        nullif(concat_ws(
            ' '
            {%- for n in words %},
            case
                when {{ n }} not in (coalesce(placed.first_n, 0), coalesce(placed.middle_n, 0))
                    and (
                        length(split_part(cleaned.text, ' ', {{ n }})) > 1
                        or placed.others = case when placed.first_n = placed.initial_n then 0 else 1 end
                        + case when placed.patronymic_n is null then 0 else 1 end
                    )
                    then nullif(split_part(cleaned.text, ' ', {{ n }}), '')
            end
            {%- endfor %}
        ), '') as last_words
    from cleaned
    inner join placed on cleaned.whole_name = placed.whole_name
),

final as (
    select
        whole_name,
        case when not tells_two then first_name end as first_name,
        case when not tells_two then middle_name end as middle_name,
        case when tells_last_name and not tells_two then last_words end as last_name,
        tells_two
    from read
)

select * from final
