-- What vendors call an employee: the id of their own record, or of any record its id, name, e-mail or phone where only one
-- employee is called so ('*'). A person's decision in the crosswalk goes first. One row per system, account and word.
{{ references_of('employee', 'employees', ['source_record_id', 'name', 'email', 'phone']) }}
