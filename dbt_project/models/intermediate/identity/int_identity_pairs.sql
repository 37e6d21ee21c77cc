-- How alike compared records are: the weight of each pair in bits, what each comparison said (gamma: how many levels stand
-- below the one met, -1: nothing to compare) and the same in words. A pair is weighed once and kept while both its records stay
-- as they were (features_hash); since a weight hangs on its two records alone, what is kept and what is new is what a full run
-- would say. One row per compared pair, the smaller id first.
{% set comparisons = ['first_name', 'last_name', 'birth_date', 'birth_year', 'middle_name', 'city', 'sex', 'contact'] %}
{% set kept = kept_pairs(anew=false) %}
with features as (
    select profile_id, features_hash from {{ ref('int_identity_features') }}
),

candidates as (
    select * from {{ ref('int_identity_candidates') }}
),

-- Only what is as it was when it was chosen: a record that changed since is compared with others too, by the next candidates.
weighed as (
    {{ weighed_pairs(ref('int_identity_candidates'), ref('int_identity_features')) }}
),

final as (
    select
        weighed.profile_a,
        weighed.profile_b,
        weighed.weight,
        {%- for name in comparisons %}
        weighed.gamma_{{ name }},
        {%- endfor %}
        weighed.evidence,
        identity_model_version() as model_version,
        one.features_hash as features_hash_a,
        other.features_hash as features_hash_b
    from weighed
    inner join candidates on weighed.profile_a = candidates.profile_a and weighed.profile_b = candidates.profile_b
    inner join features as one on candidates.profile_a = one.profile_id and candidates.features_hash_a = one.features_hash
    inner join features as other on candidates.profile_b = other.profile_id and candidates.features_hash_b = other.features_hash
    {%- if kept %}

    union all

    select
        kept.profile_a,
        kept.profile_b,
        kept.weight,
        {%- for name in comparisons %}
        kept.gamma_{{ name }},
        {%- endfor %}
        kept.evidence,
        kept.model_version,
        kept.features_hash_a,
        kept.features_hash_b
    from {{ kept }} as kept
    inner join features as one on kept.profile_a = one.profile_id and kept.features_hash_a = one.features_hash
    inner join features as other on kept.profile_b = other.profile_id and kept.features_hash_b = other.features_hash
    left join candidates on kept.profile_a = candidates.profile_a and kept.profile_b = candidates.profile_b
    where candidates.profile_a is null
    {%- endif %}
)

select * from final
