select
    channel,
    channel_class,
    purpose,
    owner
from {{ ref('channel_list') }}
