-- Movements of points, signed by what they are: a write-off is written without its sign, a correction with it. What a
-- word means that no row of value_mappings translates is not guessed: it moves its points as written, as an adjustment.
-- An operation without an id is known by what happened, and is another one when its day of activation moves: of those that
-- differ in nothing else, and in their place among equals, the ones that came last are meant.
-- One row per operation.
{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
with

documents as (
    {{ live_documents('abm_loyalty', 'operations') }}
),

told as (
    select
        *,
        rank() over (
            partition by
                source_account,
                account_id,
                raw_type,
                amount,
                occurred_at,
                order_number,
                -- 'sha256:' and 32 signs, then the place; an id of the vendor stands alone.
                case when document_key like 'sha256:%' then substr(document_key, 40) else 'id ' || document_key end
            order by loaded_at desc
        ) as telling
    from documents
),

operations as (
    select * from told
    where telling = 1
),

translated as (
    select
        operations.*,
        {{ mapped_value('loyalty_operation') }} as house_type
    from operations
    {{ mapped('loyalty_operation', 'operations.source_system', 'operations.raw_type') }}
),

final as (
    select
        source_system,
        source_account,
        {{ without_card('document_key') }} as source_record_id,
        {{ without_card('account_id') }} as loyalty_account_record_id,
        {{ without_card('account_id') }} as profile_record_id,
        case
            when house_type in ('earned', 'redeemed', 'expired') then house_type
            when house_type in ('earning_cancelled', 'redemption_cancelled') then 'cancelled'
            else 'adjusted'
        end as operation_type,
        case house_type
            when 'earning_cancelled' then 'earned'
            when 'redemption_cancelled' then 'redeemed'
        end as cancels_type,
        case
            when house_type in ('earned', 'redemption_cancelled') then abs(amount)
            when house_type in ('redeemed', 'expired', 'earning_cancelled') then 0 - abs(amount)
            else amount
        end as points,
        coalesce(available_on > {{ as_of_date() }}, false) as is_pending,
        available_on,
        occurred_at,
        order_number
    from translated
)

select * from final
