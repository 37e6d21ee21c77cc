"""Extract: vendor API -> raw documents in the lake, with dlt. Knows nothing of Dagster and dbt."""
