{#-
  Whether two records that tell one telephone number are two owners of it, first `one` and then `other`. Their surnames are more than a
  letter apart, neither is part of the other (Петрова-Белова), and all who bear the one told the number for the last time
  identity.number_rests_days before the first who bears the other. Whoever was born on the same day is one person all the same, and so
  is a namesake by first name of whom nothing else differs, or the birth date by a digit: she may have married.
  Columns of both: surname, first_told_at, last_told_at, three names, is_common_name, birth_date, birth_digits and city_key.
-#}
{% macro handed_on(one, other) -%}
    {{ other }}.first_told_at >= {{ dbt.dateadd('day', rule('identity.number_rests_days'), one ~ '.last_told_at') }}
    and {{ letters_apart(one ~ '.surname', other ~ '.surname') }} > 1
    and {{ one }}.surname not like '%' || {{ other }}.surname || '%'
    and {{ other }}.surname not like '%' || {{ one }}.surname || '%'
    and not (coalesce({{ names_cross(one, other) }}, false) or coalesce({{ names_cross(other, one) }}, false))
    and not coalesce({{ one }}.birth_date = {{ other }}.birth_date, false)
    and not (
        coalesce({{ letters_apart(one ~ '.first_name_key', other ~ '.first_name_key') }} <= 1, false)
        and (
            coalesce({{ letters_apart(one ~ '.birth_digits', other ~ '.birth_digits') }} <= 1, false)
            or (
                ({{ one }}.birth_date is null or {{ other }}.birth_date is null)
                and coalesce({{ letters_apart(one ~ '.city_key', other ~ '.city_key') }} <= 1, true)
                and coalesce({{ letters_apart(one ~ '.middle_name_key', other ~ '.middle_name_key') }} <= 1, true)
            )
        )
    )
{%- endmacro %}
