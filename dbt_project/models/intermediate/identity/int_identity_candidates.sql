-- The pairs to compare tonight: records that share a block, one of which is new or changed since it was compared last, or all of
-- them when the model is another. Compared is a record that stands in a weighed pair as it is today (features_hash); one that
-- stands in none shares no block with anybody and costs nothing. What no night has weighed is thus asked again, however the last
-- one ended. One row per pair, the smaller id first.
{% set kept = kept_pairs(anew=should_full_refresh()) %}
with features as (
    select profile_id, profile_no, features_hash from {{ ref('int_identity_features') }}
),

blocks as (
    select profile_no, block from {{ ref('int_identity_blocks') }}
    where not is_skipped
),

{% if kept -%}
compared as (
    select profile_a as profile_id, features_hash_a as features_hash from {{ kept }}
    union
    select profile_b as profile_id, features_hash_b as features_hash from {{ kept }}
),

{% endif -%}
news as (
    select features.*
    from features
    {% if kept -%}
    left join compared
        on features.profile_id = compared.profile_id and features.features_hash = compared.features_hash
    where compared.profile_id is null
    {%- endif %}
),

final as (
    select distinct
        least(news.profile_id, others.profile_id) as profile_a,
        greatest(news.profile_id, others.profile_id) as profile_b,
        case when news.profile_id < others.profile_id then news.features_hash else others.features_hash end as features_hash_a,
        case when news.profile_id < others.profile_id then others.features_hash else news.features_hash end as features_hash_b
    from news
    inner join blocks as mine on news.profile_no = mine.profile_no
    inner join blocks as theirs on mine.block = theirs.block and mine.profile_no <> theirs.profile_no
    inner join features as others on theirs.profile_no = others.profile_no
)

select * from final
