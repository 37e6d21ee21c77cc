(select max(cast(published_at as date)) from marts.publications)
