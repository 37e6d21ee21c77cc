{#- What a steward's `force` answers beside its own pair, for identity_review (CTEs clusters, registry, spoken, events, big). -#}

{#- Who was forced together with whom, and the night from which on it was so. -#}
{% macro forced_together() -%}
    select
        one.cluster_no,
        one.profile_no,
        one.profile_id,
        other.profile_no as other_profile_no,
        other.profile_id as other_profile_id,
        min(events.event_at) as since
    from spoken
    inner join clusters as one on spoken.profile_a = one.profile_id
    inner join clusters as other on spoken.profile_b = other.profile_id and one.cluster_no = other.cluster_no
    left join events on spoken.told_as = events.reason
    where not spoken.is_forbidden
    group by 1, 2, 3, 4, 5, spoken.told_as
{%- endmacro %}

{#-
  How big each customer that is too big was when a `force` of two of its records came into force: cluster_no, records. Where all of
  its records came that night, with a lost history too, it was as big as that night.
-#}
{% macro answered_sizes() -%}
    {%- set size = 'max(case when records_before = 0 then records_then else records_before end)' -%}
    select cluster_no, {{ size }} as records
    from (
        select
            answers.cluster_no,
            answers.since,
            sum(case when registry.linked_at < answers.since then 1 else 0 end) as records_before,
            sum(case when registry.linked_at <= answers.since then 1 else 0 end) as records_then
        from (
            select forced.cluster_no, forced.since
            from forced
            inner join big on forced.cluster_no = big.cluster_no
            group by 1, 2
        ) as answers
        inner join clusters on answers.cluster_no = clusters.cluster_no
        inner join registry on clusters.profile_id = registry.profile_id
        group by 1, 2
    ) as sized
    group by cluster_no
    having {{ size }} > {{ rule('identity.cluster_size_limit') }}
{%- endmacro %}

{#- Records that were forced to somebody whom a fact keeps apart from another customer, and that customer: profile_id, other_cluster_no. -#}
{% macro settled_by_force() -%}
    select distinct beside.profile_id, clusters.cluster_no as other_cluster_no
    from (
        select profile_id, cluster_no, other_profile_no as friend_no from forced
        union
        select other_profile_id as profile_id, cluster_no, profile_no as friend_no from forced
    ) as beside
    inner join (
        select profile_no, other_profile_no from {{ ref('int_identity_cuts') }}
        union
        select other_profile_no as profile_no, profile_no as other_profile_no from {{ ref('int_identity_cuts') }}
    ) as foes on beside.friend_no = foes.profile_no
    inner join clusters on foes.other_profile_no = clusters.profile_no
    where beside.cluster_no <> clusters.cluster_no
{%- endmacro %}
