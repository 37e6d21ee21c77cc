-- A retired id is nobody's, and the id it leads to is not retired itself.
select redirects.old_customer_id, redirects.customer_id
from {{ ref('customer_id_redirects') }} as redirects
left join {{ ref('customer_id_redirects') }} as onward on redirects.customer_id = onward.old_customer_id
left join {{ ref('identity_registry') }} as registry on redirects.old_customer_id = registry.customer_id
where onward.old_customer_id is not null or registry.customer_id is not null
