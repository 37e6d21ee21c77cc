with

promotions_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, promotion_id order by file_modified_at desc, file_name desc, line_number desc
        ) as promotion_age
    from ({{ live_documents('file_drop', 'promotions') }}) as documents
)

select
    source_system,
    source_account,
    promotion_id as source_record_id,
    promotion_name as name,
    promo_code,
    lower(discount_type) as discount_type,
    lower(channel) as raw_channel,
    starts_on,
    ends_on,
    budget
from promotions_ranked
where promotion_age = 1
