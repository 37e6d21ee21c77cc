-- The pairs to compare tonight: records that share a block, one of which is new or changed since it was compared last
-- (int_identity_pairs__scored), or all of them when the model is another. One row per pair, the smaller id first.
{% set compared = kept_rows(['profile_id', 'features_hash'], of='int_identity_pairs__scored') %}
with features as (
    select profile_id, profile_no, features_hash from {{ ref('int_identity_features') }}
),

blocks as (
    select profile_no, block from {{ ref('int_identity_blocks') }}
    where not is_skipped
),

news as (
    select features.*
    from features
    {% if compared -%}
    left join {{ compared }} as compared
        on features.profile_id = compared.profile_id and features.features_hash = compared.features_hash
    where compared.profile_id is null
    {%- endif %}
),

final as (
    select distinct
        least(news.profile_id, others.profile_id) as profile_a,
        greatest(news.profile_id, others.profile_id) as profile_b
    from news
    inner join blocks as mine on news.profile_no = mine.profile_no
    inner join blocks as theirs on mine.block = theirs.block and mine.profile_no <> theirs.profile_no
    inner join features as others on theirs.profile_no = others.profile_no
)

select * from final
