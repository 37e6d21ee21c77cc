"""Orchestration: the night as Dagster runs it. Spells no vendor name, talks to no vendor, holds no SQL but what publishing needs."""
