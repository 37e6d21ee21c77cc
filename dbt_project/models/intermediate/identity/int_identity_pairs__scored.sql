-- The records as they were when they were compared last, for the next night's int_identity_candidates, which reads this table
-- before it is made anew; one row per profile.
-- depends_on: {{ ref('int_identity_pairs') }}
select profile_id, features_hash
from {{ ref('int_identity_features') }}
