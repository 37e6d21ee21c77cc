-- Which records are compared with each other by likeness: those that share a block. A block is a birth date with one of
-- the names (whichever field it stands in; each part of a double one), both names with the year or with the day of birth, or
-- a contact that is not shared by too many. A block of more records than identity.block_size_limit compares nobody
-- (is_skipped): the namesakes of a year. Blocks of one record are left out; one row per profile and block.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
    where is_known and not is_company
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type in ('email', 'phone') and not is_company
),

groups as (
    select * from {{ ref('int_identifier_groups') }}
    where verdict = 'too_many'
),

born as (
    select
        profile_no,
        first_name_key,
        last_name_key,
        last_name_parts,
        birth_year,
        {{ date_digits('birth_date') }} as birth_digits
    from profiles
    where birth_year is not null
),

named as (
    select
        profile_no,
        birth_year,
        birth_digits,
        least(first_name_key, last_name_key) || ' ' || greatest(first_name_key, last_name_key) as names
    from born
    where first_name_key is not null and last_name_key is not null
),

blocks as (
    select profile_no, 'name and birth date|' || first_name_key || '|' || birth_digits as block
    from born
    where first_name_key is not null and birth_digits is not null

    union

    select profile_no, 'name and birth date|' || last_name_key || '|' || birth_digits as block
    from born
    where last_name_key is not null and birth_digits is not null

    union

    select profile_no, 'name and birth date|' || split_part(last_name_parts, ' ', 1) || '|' || birth_digits as block
    from born
    where last_name_parts is not null and birth_digits is not null

    union

    select profile_no, 'name and birth date|' || split_part(last_name_parts, ' ', 2) || '|' || birth_digits as block
    from born
    where last_name_parts is not null and birth_digits is not null

    union all

    select profile_no, 'names and year of birth|' || names || '|' || birth_year as block
    from named

    union all

    select profile_no, 'names and day of birth|' || names || '|' || right(birth_digits, 4) as block
    from named
    where birth_digits is not null

    union all

    select distinct profiles.profile_no, identifiers.identifier_type || '|' || identifiers.link_value as block
    from identifiers
    inner join profiles on identifiers.profile_id = profiles.profile_id
    left join groups
        on identifiers.identifier_type = groups.identifier_type
            and identifiers.link_value = groups.link_value
            and identifiers.is_company = groups.is_company
    where groups.link_value is null
),

counted as (
    select block, count(*) as profiles_count
    from blocks
    group by block
    having count(*) > 1
),

final as (
    select
        blocks.profile_no,
        blocks.block,
        counted.profiles_count,
        counted.profiles_count > {{ rule('identity.block_size_limit') }} as is_skipped
    from blocks
    inner join counted on blocks.block = counted.block
)

select * from final
