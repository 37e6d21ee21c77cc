-- Blocks so big that their records are not compared with each other: likeness says nothing of them; one row per block.
with blocks as (
    select * from {{ ref('int_identity_blocks') }}
    where is_skipped
),

final as (
    select block, max(profiles_count) as profiles_count
    from blocks
    group by block
)

select * from final
