"""Training of the likeness model and the dry run of identity as Dagster knows them: beside the nightly walk, never in it.

    [intermediate, int_identity_*]  ──►  [identity, model]   train_identity_model, monthly: identity_model.py
                                    ──►  [identity, diff]    compare_identity, whenever somebody asks: identity_diff.py

A model that is trained and kept, because it would change too many customers or because its weights are odd, is told as an alert: the
run is green, since the model in force goes on.
"""

import base64

import dagster as dg
import duckdb

from orchestration import alerts, business_rules, identity_diff, identity_model, model_diagnostics, next_steps, subjects
from orchestration.raw_assets import OWNERS
from orchestration.run_events import Fault

ROOM = "identity"
MODEL, DIFF = dg.AssetKey([ROOM, "model"]), dg.AssetKey([ROOM, "diff"])
READ = ("int_identity_features", "int_identity_pairs", "int_identity_links__numbered", "int_identity_cuts")
TRAIN, COMPARE = "train_identity_model", "compare_identity"
HOURS_AFTER_REFRESH = 12  # a training reads the warehouse, which a refresh has for itself


class Asked(dg.Config):
    """What a dry run is asked: another version of the model (`shipped`: the project's own), and whether to build all marts."""

    model: str | None = None
    kpis: bool = False


@dg.asset(key=MODEL, deps=[dg.AssetKey(["intermediate", name]) for name in READ], group_name=ROOM, kinds={"python", "duckdb"},
          owners=OWNERS, description=identity_model.__doc__)
def trained_model(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The model of this month, in force or kept."""
    try:
        training = identity_model.retrain()
    except (identity_model.TrainingError, duckdb.Error) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    context.log.info(training.sentence)
    if not training.is_in_force:
        alerts.send(alerts.Alert(context.run_id, TRAIN, MODEL.to_user_string(), training.sentence,
                                 subjects.subjects(Fault(subjects.MODEL, training.sentence)),
                                 next_steps.next_step(next_steps.WAITS)))
    picture = training.folder / model_diagnostics.PICTURE
    image = base64.b64encode(picture.read_bytes()).decode()
    told = training.diagnostics
    return dg.MaterializeResult(data_version=dg.DataVersion(training.model.version), metadata={
        "said": training.sentence,
        "in_force": training.is_in_force,
        "profiles": told["profiles"],
        "labelled_pairs": told["labelled_pairs"],
        "prior": told["prior"],
        **{f"would_change/{name}": value for name, value in told["would_change"].items()},
        "levels_and_thresholds": dg.MetadataValue.md(model_diagnostics.markdown(told)),
        "weights": dg.MetadataValue.md(f"![weights](data:image/png;base64,{image})"),
        "folder": dg.MetadataValue.path(str(training.folder)),
    })


@dg.asset(key=DIFF, deps=[dg.AssetKey(["intermediate", "identity_registry"]), MODEL], group_name=ROOM, kinds={"dbt", "duckdb"},
          owners=OWNERS, description=identity_diff.__doc__)
def dry_run(context: dg.AssetExecutionContext, config: Asked) -> dg.MaterializeResult:
    """What the next build would do to the customers that are published."""
    try:
        diff = identity_diff.compare(model=config.model, kpis=config.kpis)
    except (identity_diff.DryRunError, duckdb.Error) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    told = "\n".join(diff.lines())
    context.log.info(told)
    counts = {kind: sum(change.kind == kind for change in diff.changes) for kind in identity_diff.KINDS}
    return dg.MaterializeResult(metadata={
        **counts,
        "customers_before": diff.customers_before,
        "customers_after": diff.customers_after,
        **({} if diff.restated is None else {"restated": sum(numbers for numbers, _ in diff.restated.values())}),
        "told": dg.MetadataValue.md(f"```\n{told}\n```"),
    })


ASSETS = (trained_model, dry_run)


def identity_jobs():  # noqa: ANN201  (the type that define_asset_job gives is not public)
    """A job for each, so that neither is ever taken for a refresh."""
    return [
        dg.define_asset_job(name, selection=dg.AssetSelection.assets(key), hooks={alerts.report_failed_step},
                            executor_def=dg.in_process_executor, description=description)
        for name, key, description in (
            (TRAIN, MODEL, "Train the likeness model on the warehouse as it was built last."),
            (COMPARE, DIFF, "Tell which customers would merge, split and move, before they do."))
    ]


def monthly() -> dg.ScheduleDefinition:
    """On the first day of the month, half a day away from the nightly refresh."""
    rules = business_rules.read()
    hour, minute = (int(part) for part in rules.schedule.refresh_at.split(":"))
    return dg.ScheduleDefinition(
        name=f"{TRAIN}_monthly", job_name=TRAIN, cron_schedule=f"{minute} {(hour + HOURS_AFTER_REFRESH) % 24} 1 * *",
        execution_timezone=rules.business.timezone, default_status=dg.DefaultScheduleStatus.RUNNING, description=monthly.__doc__,
    )
