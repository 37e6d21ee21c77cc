"""Everything Dagster knows of Omnimart. Loads with an empty environment; secrets are read when a vendor is asked.

raw_assets  ──►  warehouse  ──►  checks  ──►  publication  ──►  housekeeping        schedules and alerts watch over them
                identity: its model and its dry run, in jobs of their own
"""

import dagster as dg

from orchestration import alerts, event_log, housekeeping, identity_assets, schedules
from orchestration.backfill_asset import land_window
from orchestration.checks import promise_checks
from orchestration.extraction import extraction
from orchestration.progress import console
from orchestration.publication import KEY, publication
from orchestration.raw_assets import raw_assets
from orchestration.warehouse import last_publication, warehouse_assets

event_log.keep_connections()
published, every_vendor_answered = publication()

defs = dg.Definitions(
    assets=[*raw_assets(), land_window, *last_publication(), warehouse_assets(), published, housekeeping.housekeeping(KEY),
            *identity_assets.ASSETS],
    asset_checks=[*promise_checks(), every_vendor_answered],
    jobs=[*schedules.jobs(), *identity_assets.identity_jobs()],
    schedules=[schedules.nightly(), identity_assets.monthly()],
    sensors=[schedules.continue_first_load, schedules.notice_dead_runs, schedules.report_late_vendors, alerts.report_died_runs],
    resources={"extraction": extraction},
    loggers={"console": console},
    executor=dg.in_process_executor,
)
