-- Generated. The published table itself; this project asks it and never builds it.
select * from marts.kpi_programme_effect
