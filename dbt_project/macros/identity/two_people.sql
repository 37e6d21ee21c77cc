{#-
  Two records beside each other, as boolean columns: what agrees, what differs and what is near (a typing error, a short form, part of
  a double name, an initial). Columns of both: three names as keys, first_names, birth_date, birth_digits, sex, is_common_name (a first
  name of the seed name_variants: two of these that differ are no spellings of one), first_name_sex, the seed's, and is_surname (what stands
  as the last name is a surname by its ending, or of several first names).
-#}
{% macro beside_each_other(one, other) -%}
    coalesce({{ first_names_agree(one, other) }}, false) as firsts_agree,
        coalesce({{ nearly_one_word(one ~ '.first_name_key', other ~ '.first_name_key') }}, false) as firsts_near,
        coalesce(not {{ first_names_agree(one, other) }}, false) as firsts_differ,
        coalesce({{ one }}.is_common_name and {{ other }}.is_common_name, false) as firsts_common,
        coalesce(
            {{ nearly_one_word(surname_stem(one ~ '.last_name_key'), surname_stem(other ~ '.last_name_key')) }}, false
        ) as lasts_near,
        coalesce({{ resemble(surname_stem(one ~ '.last_name_key'), surname_stem(other ~ '.last_name_key')) }}, false) as lasts_resemble,
        {{ one }}.last_name_key is not null and {{ other }}.last_name_key is not null as lasts_told,
        coalesce({{ one }}.is_surname and {{ other }}.is_surname, false) as lasts_evident,
        coalesce({{ names_cross(one, other) }}, false) or coalesce({{ names_cross(other, one) }}, false) as names_crossed,
        coalesce(
            {{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} <= 1
            and not ({{ is_initial(one ~ '.middle_name_key') }} or {{ is_initial(other ~ '.middle_name_key') }}),
            false
        ) as middles_near,
        coalesce(
            {{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} > 1
            and not {{ initials_agree(one ~ '.middle_name_key', other ~ '.middle_name_key') }},
            false
        ) as middles_differ,
        coalesce(
            {{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} > 1
            and {{ matches(one ~ '.middle_name_key', patronymic_endings()) }}
            and {{ matches(other ~ '.middle_name_key', patronymic_endings()) }}
            and not {{ nearly_one_word(fathers_name(one ~ '.middle_name_key'), fathers_name(other ~ '.middle_name_key')) }}
            and not {{ resemble(fathers_name(one ~ '.middle_name_key'), fathers_name(other ~ '.middle_name_key')) }},
            false
        ) as fathers_differ,
        coalesce({{ one }}.birth_date = {{ other }}.birth_date, false) as births_agree,
        coalesce({{ letters_apart(one ~ '.birth_digits', other ~ '.birth_digits') }} <= 1, false) as births_near,
        coalesce({{ letters_apart(one ~ '.birth_digits', other ~ '.birth_digits') }} > 1, false) as births_apart,
        coalesce(
            {{ letters_apart(one ~ '.birth_digits', other ~ '.birth_digits') }} > 2
            and abs(extract(year from {{ one }}.birth_date) - extract(year from {{ other }}.birth_date)) >= 15,
            false
        ) as a_generation_apart,
        coalesce({{ one }}.sex <> {{ other }}.sex, false) as sexes_differ,
        coalesce({{ apparent_sex(one) }} <> {{ apparent_sex(other) }}, false) as man_and_woman,
        coalesce({{ apparent_sex(one) }}, {{ apparent_sex(other) }}) = 'male' as is_man
{%- endmacro %}

{#-
  Whether such a pair is evidently two people, by its facts alone. Two common first names are, however close they sound; two others
  together with anything else that differs, but for a letter. Under one first name, or where one tells none, two other things must
  differ, if the birth dates do not agree; a generation between the dates counts twice, and so do patronymics of two fathers and another
  surname of a man, who marries no new one, if both are surnames and no «дизайнер».
-#}
{% macro two_people(pair) -%}
    {%- set others = "(case when " ~ pair ~ ".births_apart then 1 else 0 end + case when " ~ pair ~ ".man_and_woman then 1 else 0 end"
        ~ " + case when " ~ pair ~ ".middles_differ then 1 else 0 end + case when " ~ unrelated_surnames(pair) ~ " then 1 else 0 end)" -%}
    case
        when {{ pair }}.names_crossed then false
        when {{ pair }}.firsts_differ and {{ pair }}.firsts_common then true
        when {{ pair }}.firsts_differ and not {{ pair }}.firsts_near then {{ others }} > 0
        when {{ pair }}.births_agree then false
        when {{ others }} > 1 or {{ pair }}.a_generation_apart or {{ pair }}.fathers_differ then true
        else {{ unrelated_surnames(pair) }} and {{ pair }}.lasts_evident and coalesce({{ pair }}.is_man, false)
    end
{%- endmacro %}

{% macro unrelated_surnames(pair) -%}
    ({{ pair }}.lasts_told and not ({{ pair }}.lasts_near or {{ pair }}.lasts_resemble or {{ pair }}.names_crossed))
{%- endmacro %}

{#- Whether the first name of one is the last of the other, unless both have common first names and their other two are no one word: Анна
    Роман is not Роман Мельник. -#}
{% macro names_cross(one, other) -%}
    {{ one }}.first_name_key = {{ other }}.last_name_key
    and (
        not ({{ one }}.is_common_name and {{ other }}.is_common_name)
        or coalesce({{ nearly_one_word(one ~ '.last_name_key', other ~ '.first_name_key') }}, true)
    )
{%- endmacro %}

{#- Whether the first names are one: the same, or a typing error of it and no other common name. -#}
{% macro one_first_name(pair) -%}
    ({{ pair }}.firsts_agree or ({{ pair }}.firsts_near and not {{ pair }}.firsts_common))
{%- endmacro %}

{#- A letter apart, two of a long word, one an initial or the beginning of the other, or part of it (a double name). -#}
{% macro nearly_one_word(one, other) -%}
    (
        {{ letters_apart(one, other) }} <= case when least(length({{ one }}), length({{ other }})) >= 7 then 2 else 1 end
        or {{ initials_agree(one, other) }}
        or (length({{ other }}) >= 4 and {{ one }} like '%' || {{ other }} || '%')
        or (length({{ one }}) >= 4 and {{ other }} like '%' || {{ one }} || '%')
    )
{%- endmacro %}

{#- So that nobody can say that they are two words: one beginning, and a typing error in each or one that its spelling doubles (Миронов
    without its р is Мионов, which sounds as Менов). -#}
{% macro resemble(one, other) -%}
    (
        left({{ one }}, 1) = left({{ other }}, 1)
        and {{ letters_apart(one, other) }}
        <= case
            when greatest(length({{ one }}), length({{ other }})) >= 7 then 3
            when greatest(length({{ one }}), length({{ other }})) >= 4 then 2
            else 1
        end
    )
{%- endmacro %}

{#- One letter of a name, as it sounds: some letters sound as two. -#}
{% macro is_initial(key) -%}
    (length({{ key }}) = 1 or {{ key }} in ('iu', 'ia', 'zh', 'ch', 'sh'))
{%- endmacro %}

{#- Whether one of the two is an initial, and that of the other. -#}
{% macro initials_agree(one, other) -%}
    (({{ is_initial(one) }} or {{ is_initial(other) }}) and {{ initial(one) }} = {{ initial(other) }})
{%- endmacro %}

{% macro initial(key) -%}
    case when {{ is_initial('left(' ~ key ~ ', 2)') }} then left({{ key }}, 2) else left({{ key }}, 1) end
{%- endmacro %}

{#- Whose son or daughter a patronymic says: Сергеевич and Сергеевна, Ильич and Ильинична. -#}
{% macro fathers_name(middle_name_key) -%}
    {{ replace_all(middle_name_key, '(ovich|evich|ich|ovna|evna|inichna|ichna|[oe]gli|[oe]glu|ugli|uulu|kizi|gizi)$', '') }}
{%- endmacro %}

{#- Man or woman, as the record says, its patronymic, its first name or the ending of its surname. -#}
{% macro apparent_sex(one) -%}
    coalesce(
        {{ one }}.sex,
        case
            when {{ one }}.middle_name_key like '%vna' or {{ one }}.middle_name_key like '%ichna' then 'female'
            when {{ one }}.middle_name_key like '%ich' then 'male'
            when {{ one }}.first_name_sex is not null then {{ one }}.first_name_sex
            when {{ matches(one ~ '.last_name_key', '(ova|eva|ina|skaia|ckaia)$') }} then 'female'
            when {{ matches(one ~ '.last_name_key', '(ov|ev|in|ski|cki)$') }} then 'male'
        end
    )
{%- endmacro %}
