select
    visits.wifi_visit_id,
    visits.source_system,
    visits.source_account,
    {{ referenced_id('store') }} as store_id,
    visitors.customer_id,
    visits.entered_at,
    {{ business_date('visits.entered_at') }} as entered_on,
    visits.left_at
from {{ ref('int_wifi_visits__united') }} as visits
left join {{ ref('int_visitors') }} as visitors on visits.wifi_visit_id = visitors.session_id
{{ referenced('store', 'visits.source_system', 'visits.store_reference') }}
