"""Python functions that the models borrow; dbt-duckdb loads them from here (profiles.yml)."""
