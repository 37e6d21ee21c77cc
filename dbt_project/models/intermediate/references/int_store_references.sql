-- What vendors call a store: the id of their own record, or of any record its code, its external id or its name where only
-- one store is called so ('*'). A person's decision in the crosswalk goes first. One row per system, account and word.
{{ references_of('store', 'stores', ['source_record_id', 'external_id', 'name']) }}
