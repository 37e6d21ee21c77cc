{#- Likeness of records: how far two words are apart, and weights by Splink (plugins/identity_model.py). -#}

{#- Letters to change between two words; two neighbours that changed places are one (two on Spark, which has no such function). -#}
{% macro letters_apart(one, other) -%}{{ return(adapter.dispatch('letters_apart')(one, other)) }}{%- endmacro %}
{% macro duckdb__letters_apart(one, other) -%}{{ return('damerau_levenshtein(' ~ one ~ ', ' ~ other ~ ')') }}{%- endmacro %}
{% macro spark__letters_apart(one, other) -%}{{ return('levenshtein(' ~ one ~ ', ' ~ other ~ ')') }}{%- endmacro %}


{#- 19840203 of a date. -#}
{% macro date_digits(day) -%}{{ return("replace(cast(" ~ day ~ " as " ~ dbt.type_string() ~ "), '-', '')") }}{%- endmacro %}


{#-
  The weight that a rule asks of a pair, as an SQL number: the rule's bits, and one more for each doubling of the profiles beyond
  those that the model was trained on, since among twice as many records two people are alike twice as often.
-#}
{% macro least_weight(rule_name) -%}
    {{ return('(select ' ~ rule(rule_name) ~ ' + greatest(0, round(log2(greatest(counted.profiles, 1) / identity_model_profiles()), 3))'
        ~ ' from (select count(*) as profiles from ' ~ ref('int_identity_features') ~ ') as counted)') }}
{%- endmacro %}


{#-
  The weighed pairs as the last night left them; none before the first. Candidates and pairs ask for the same columns: where the pairs
  do not go on from what is kept, everything must be a candidate. They go on even on a --full-refresh (`anew`), which may be of them
  alone and would leave tonight's few; on one of both, all that shares a block is weighed anew.
-#}
{% macro kept_pairs(anew) -%}
    {{ return(kept_rows(['profile_a', 'profile_b', 'weight', 'model_version', 'features_hash_a', 'features_hash_b', 'gamma_birth_year',
        'gamma_contact', 'evidence'], of='int_identity_pairs', anew=anew)) }}
{%- endmacro %}


{#-
  candidates (profile_a, profile_b) and features (int_identity_features) -> the pairs with weight, gammas and evidence, as
  WEIGHED_PAIR in plugins/identity_model.py. The pairs go to Splink in pieces, each with the records that it names: a first
  night over millions of records must not be one list. Where there is no pair, Splink is not called.
-#}
{% macro weighed_pairs(candidates, features) -%}
    {{ adapter.dispatch('weighed_pairs')(candidates, features, 200000) }}
{%- endmacro %}

{% macro weighed_features() -%}
    {{ return(['profile_id', 'first_name_key', 'first_names', 'last_name_key', 'last_name_parts', 'middle_name_key', 'birth_date',
        'birth_digits', 'birth_year', 'sex', 'city_key', 'email', 'phone']) }}
{%- endmacro %}

{% macro duckdb__weighed_pairs(candidates, features, piece) -%}
    select unnest(pair_weights(packed_features.features, packed_pairs.pairs), recursive := true)
    from (
        select piece, list(struct_pack(profile_a := profile_a, profile_b := profile_b) order by profile_a, profile_b) as pairs
        from {{ pieces_of(candidates, piece) }} as pieces
        group by piece
    ) as packed_pairs
    inner join (
        select
            named.piece,
            list(struct_pack(
                {%- for feature in weighed_features() %}
                {{ feature }} := features.{{ feature }}{{ ',' if not loop.last }}
                {%- endfor %}
            ) order by features.profile_id) as features
        from {{ named_in(candidates, piece) }} as named
        inner join {{ features }} as features on named.profile_id = features.profile_id
        group by named.piece
    ) as packed_features on packed_pairs.piece = packed_features.piece
{%- endmacro %}

{% macro spark__weighed_pairs(candidates, features, piece) -%}
    select answered.pair.*
    from (
        select explode(pair_weights(packed_features.features, packed_pairs.pairs)) as pair
        from (
            select piece, array_sort(collect_list(struct(profile_a, profile_b))) as pairs
            from {{ pieces_of(candidates, piece) }} as pieces
            group by piece
        ) as packed_pairs
        inner join (
            select
                named.piece,
                array_sort(collect_list(struct(
                    {%- for feature in weighed_features() %}
                    features.{{ feature }}{{ ',' if not loop.last }}
                    {%- endfor %}
                ))) as features
            from {{ named_in(candidates, piece) }} as named
            inner join {{ features }} as features on named.profile_id = features.profile_id
            group by named.piece
        ) as packed_features on packed_pairs.piece = packed_features.piece
    ) as answered
{%- endmacro %}

{% macro pieces_of(candidates, piece) -%}
    (
        select
            profile_a,
            profile_b,
            cast(floor((row_number() over (order by profile_a, profile_b) - 1) / {{ piece }}) as bigint) as piece
        from {{ candidates }}
    )
{%- endmacro %}

{% macro named_in(candidates, piece) -%}
    (
        select piece, profile_a as profile_id from {{ pieces_of(candidates, piece) }} as one
        union
        select piece, profile_b as profile_id from {{ pieces_of(candidates, piece) }} as other
    )
{%- endmacro %}
