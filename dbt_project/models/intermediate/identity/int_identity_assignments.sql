-- Which customer id each cluster bears: the one that most of its records had on the last publication (ties: that of the
-- oldest record). An id wanted by two clusters goes to the one with more of its records, the other takes its next choice;
-- who is left without gets a new id, minted from its oldest record and never used before. One row per cluster.
{% set rounds = 3 %}
with members as (
    select * from {{ ref('int_identity_clusters') }}
),

registered as (
    select * from {{ published_table('identity_registry') }}
),

retired as (
    select * from {{ published_table('customer_id_redirects') }}
),

told as (
    select * from {{ published_table('identity_events') }}
),

votes as (
    select
        members.cluster_no,
        registered.customer_id,
        count(*) as records,
        min(members.profile_no) as oldest_no
    from members
    inner join registered on members.profile_id = registered.profile_id
    group by 1, 2
),
{% for round in range(rounds) %}
wishes_{{ round }} as (
    select
        votes.*,
        row_number() over (partition by votes.cluster_no order by votes.records desc, votes.oldest_no) as place
    from votes
    {% if round > 0 -%}
    left join settled_{{ round - 1 }} as placed on votes.cluster_no = placed.cluster_no
    left join settled_{{ round - 1 }} as taken on votes.customer_id = taken.customer_id
    where placed.cluster_no is null and taken.customer_id is null
    {%- endif %}
),

claims_{{ round }} as (
    select
        wishes_{{ round }}.*,
        row_number() over (partition by customer_id order by records desc, oldest_no) as claim
    from wishes_{{ round }}
    where place = 1
),

settled_{{ round }} as (
    select cluster_no, customer_id from claims_{{ round }} where claim = 1
    {%- if round > 0 %}
    union all
    select cluster_no, customer_id from settled_{{ round - 1 }}
    {%- endif %}
),
{% endfor %}
clusters as (
    select cluster_no, max(case when is_known then 1 else 0 end) as has_known_record
    from members
    group by cluster_no
),

used as (
    select customer_id from registered
    union
    select old_customer_id as customer_id from retired
    union
    select customer_id from told
    union
    select other_customer_id as customer_id from told
),

newcomers as (
    select
        clusters.cluster_no,
        members.profile_id,
        {{ minted_customer_id('members.profile_id') }} as customer_id
    from clusters
    inner join members on clusters.cluster_no = members.profile_no
    left join settled_{{ rounds - 1 }} as settled on clusters.cluster_no = settled.cluster_no
    where settled.cluster_no is null and clusters.has_known_record = 1
),

counted as (
    select count(customer_id) as ids from used
),

-- An earlier customer of this record kept its first choice, and an id never serves twice: the next ones are numbered by how many
-- ids there have ever been. That number grows with each id, so it is free; the few after it are there in case ids were forgotten.
reborn as (
    select newcomers.cluster_no, newcomers.profile_id, counted.ids
    from newcomers
    inner join used on newcomers.customer_id = used.customer_id
    cross join counted
),

choices as (
    {% for place in range(8) -%}
    select
        cluster_no,
        {{ place }} as place,
        {{ minted_customer_id("profile_id || '@' || cast(ids + " ~ place ~ " as " ~ dbt.type_string() ~ ")") }} as customer_id
    from reborn
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor %}
),

free as (
    select
        choices.cluster_no,
        choices.customer_id,
        row_number() over (partition by choices.cluster_no order by choices.place) as turn
    from choices
    left join used on choices.customer_id = used.customer_id
    where used.customer_id is null
),

final as (
    select cluster_no, customer_id, false as is_minted
    from settled_{{ rounds - 1 }}

    union all

    select newcomers.cluster_no, coalesce(free.customer_id, newcomers.customer_id) as customer_id, true as is_minted
    from newcomers
    left join free on newcomers.cluster_no = free.cluster_no and free.turn = 1
)

select * from final
