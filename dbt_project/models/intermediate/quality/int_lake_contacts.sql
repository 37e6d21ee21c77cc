-- Contacts with vendors that brought what they were asked for; all that an account knew by then is here. One row per contact.
{{ config(materialized='view') }}

select
    source_system,
    source_account,
    contacted_at
from ({{ lake_contacts() }}) as every_contact
where status = 'success'
