{#-
  Two records beside each other, as boolean columns: what agrees, what differs and what is near (a typing error, a short form, part of
  a double name). Columns of both: three names as keys, first_names, birth_date, birth_digits, sex and is_common_name (a first name of the
  seed name_variants: two of these that differ are no spellings of one).
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
        coalesce({{ one }}.first_name_key = {{ other }}.last_name_key, false)
        or coalesce({{ one }}.last_name_key = {{ other }}.first_name_key, false) as names_crossed,
        coalesce({{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} <= 1, false) as middles_near,
        coalesce({{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} > 1, false) as middles_differ,
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
  Whether such a pair is evidently two people, by its facts alone. Two common first names are; two others, or one name a letter off
  another, together with anything else that differs. Under one first name, or where one tells none, two other things must differ, if
  the birth dates do not agree; a generation between the dates counts twice, and so does another surname of a man, who marries no
  new one.
-#}
{% macro two_people(pair) -%}
    {%- set others = "(case when " ~ pair ~ ".births_apart then 1 else 0 end + case when " ~ pair ~ ".man_and_woman then 1 else 0 end"
        ~ " + case when " ~ pair ~ ".middles_differ then 1 else 0 end + case when " ~ unrelated_surnames(pair) ~ " then 1 else 0 end)" -%}
    case
        when {{ pair }}.names_crossed then false
        when {{ pair }}.firsts_differ and not {{ pair }}.firsts_near then {{ pair }}.firsts_common or {{ others }} > 0
        when {{ pair }}.firsts_differ and {{ pair }}.firsts_common then {{ others }} > 0
        when {{ pair }}.births_agree then false
        when {{ others }} > 1 or {{ pair }}.a_generation_apart then true
        else {{ unrelated_surnames(pair) }} and coalesce({{ pair }}.is_man, false)
    end
{%- endmacro %}

{% macro unrelated_surnames(pair) -%}
    ({{ pair }}.lasts_told and not ({{ pair }}.lasts_near or {{ pair }}.lasts_resemble or {{ pair }}.names_crossed))
{%- endmacro %}

{#- Whether the first names are one: the same, or a typing error of it and no other common name. -#}
{% macro one_first_name(pair) -%}
    ({{ pair }}.firsts_agree or ({{ pair }}.firsts_near and not {{ pair }}.firsts_common))
{%- endmacro %}

{#- A letter apart, two of a long word, one an initial or the beginning of the other, or part of it (a double name). -#}
{% macro nearly_one_word(one, other) -%}
    (
        {{ letters_apart(one, other) }} <= case when least(length({{ one }}), length({{ other }})) >= 7 then 2 else 1 end
        or (length({{ one }}) = 1 and left({{ other }}, 1) = {{ one }})
        or (length({{ other }}) = 1 and left({{ one }}, 1) = {{ other }})
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
            when greatest(length({{ one }}), length({{ other }})) >= 5 then 2
            else 1
        end
    )
{%- endmacro %}

{#- Man or woman, as the record says, its patronymic or the ending of its surname. -#}
{% macro apparent_sex(one) -%}
    coalesce(
        {{ one }}.sex,
        case
            when {{ one }}.middle_name_key like '%vna' or {{ one }}.middle_name_key like '%ichna' then 'female'
            when {{ one }}.middle_name_key like '%ich' then 'male'
            when {{ matches(one ~ '.last_name_key', '(ova|eva|ina|skaia|ckaia)$') }} then 'female'
            when {{ matches(one ~ '.last_name_key', '(ov|ev|in|ski|cki)$') }} then 'male'
        end
    )
{%- endmacro %}
