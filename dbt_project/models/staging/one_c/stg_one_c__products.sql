-- Products with today's prices. Their groups are folders of the same catalogue: the four topmost above a product are its category levels.
-- One row per product.
{# six folders are climbed at most; a tree that is deeper loses its top #}
with

items as (
    {{ live_documents('one_c', 'items') }}
),

brands as (
    {{ live_documents('one_c', 'brands') }}
),

price_types as (
    {{ live_documents('one_c', 'price_types') }}
),

settings as (
    {{ live_documents('one_c', 'settings') }}
),

latest_prices as (
    select
        source_account,
        item_id,
        price_type_id,
        price,
        row_number() over (
            partition by source_account, item_id, price_type_id
            order by set_at desc nulls last, version_at desc, document_key
        ) as place
    from ({{ live_documents('one_c', 'prices') }}) as prices
),

prices as (
    select
        latest_prices.source_account,
        latest_prices.item_id,
        max(case when price_types.name = coalesce(settings.retail_price_type, 'Розничная') then latest_prices.price end) as price,
        max(case when price_types.name = coalesce(settings.purchase_price_type, 'Закупочная') then latest_prices.price end) as cost
    from latest_prices
    inner join price_types
        on latest_prices.source_account = price_types.source_account
            and latest_prices.price_type_id = price_types.price_type_id
    left join settings on latest_prices.source_account = settings.source_account
    where latest_prices.place = 1
    group by latest_prices.source_account, latest_prices.item_id
),

barcodes as (
    select
        source_account,
        item_id,
        min(barcode) as barcode
    from ({{ live_documents('one_c', 'barcodes') }}) as barcodes
    group by source_account, item_id
),

folders as (
    select * from items
    where is_folder
),

climbed as (
    select
        folder_1.source_account,
        folder_1.item_id,
        folder_1.name as folder_1,
        folder_2.name as folder_2,
        folder_3.name as folder_3,
        folder_4.name as folder_4,
        folder_5.name as folder_5,
        folder_6.name as folder_6
    from folders as folder_1
    left join folders as folder_2
        on folder_1.source_account = folder_2.source_account
            and folder_1.parent_id = folder_2.item_id
    left join folders as folder_3
        on folder_2.source_account = folder_3.source_account
            and folder_2.parent_id = folder_3.item_id
    left join folders as folder_4
        on folder_3.source_account = folder_4.source_account
            and folder_3.parent_id = folder_4.item_id
    left join folders as folder_5
        on folder_4.source_account = folder_5.source_account
            and folder_4.parent_id = folder_5.item_id
    left join folders as folder_6
        on folder_5.source_account = folder_6.source_account
            and folder_5.parent_id = folder_6.item_id
),

levels as (
    select
        source_account,
        item_id,
        coalesce(folder_6, folder_5, folder_4, folder_3, folder_2, folder_1) as level_1,
        case
            when folder_6 is not null then folder_5
            when folder_5 is not null then folder_4
            when folder_4 is not null then folder_3
            when folder_3 is not null then folder_2
            when folder_2 is not null then folder_1
        end as level_2,
        case
            when folder_6 is not null then folder_4
            when folder_5 is not null then folder_3
            when folder_4 is not null then folder_2
            when folder_3 is not null then folder_1
        end as level_3,
        case
            when folder_6 is not null then folder_3
            when folder_5 is not null then folder_2
            when folder_4 is not null then folder_1
        end as level_4
    from climbed
),

final as (
    select
        items.source_system,
        items.source_account,
        items.item_id as source_record_id,
        items.code as external_id,
        items.article,
        barcodes.barcode,
        items.name,
        brands.name as brand,
        levels.level_1 as category,
        levels.level_2 as subcategory,
        levels.level_3 as category_level_3,
        levels.level_4 as category_level_4,
        prices.price,
        prices.cost,
        brands.is_own as is_exclusive,
        coalesce(items.is_deleted, false) as is_archived,
        coalesce(items.item_type = 'ПодарочныйСертификат', false) as is_gift_card
    from items
    left join brands
        on items.source_account = brands.source_account
            and items.brand_id = brands.brand_id
    left join barcodes
        on items.source_account = barcodes.source_account
            and items.item_id = barcodes.item_id
    left join prices
        on items.source_account = prices.source_account
            and items.item_id = prices.item_id
    left join levels
        on items.source_account = levels.source_account
            and items.parent_id = levels.item_id
    where not coalesce(items.is_folder, false)
)

select * from final
