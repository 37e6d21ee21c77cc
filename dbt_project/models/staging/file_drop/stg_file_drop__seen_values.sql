select
    source_system,
    source_account,
    'messages' as resource,
    'message_channel' as field,
    raw_channel as raw_value,
    count(*) as records
from {{ ref('stg_file_drop__messages') }}
group by source_system, source_account, raw_channel
