"""Publishing as Dagster sees it: one asset behind every check, and the last word on the run.

    marts, pii, checked staging tables  ──►  [published, omnimart]  ──►  check every_vendor_answered  ──►  green or red

The asset depends on every table that carries a check. Dagster keeps a step from starting only when a check on one of its
own upstream assets fails: a check on anything else may run after it, which was measured. The vendors' last word comes after
publishing on purpose: the others' data is out by then, and the red run makes somebody look.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration import contacts, headlines, publish, shortage
from orchestration.checks import checked_tables
from orchestration.manifest import manifest
from orchestration.raw_assets import OWNERS
from orchestration.warehouse import TRANSLATOR

KEY = dg.AssetKey(["published", "omnimart"])
ANSWERED = "every_vendor_answered"


def publication() -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """The publishing step and the check that follows it."""
    built = {
        TRANSLATOR.get_asset_key(node)
        for node in manifest()["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["config"].get("materialized") != "ephemeral"
    }

    @dg.asset(
        key=KEY,
        deps=sorted(built | set(checked_tables().values())),
        group_name="published",
        kinds={"duckdb", "parquet"},
        owners=OWNERS,
        required_resource_keys={"extraction"},
        description=publish.__doc__,
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        try:
            with shortage.as_failure():
                outcome = publish.publish(context.run_id)
        except publish.PublishError as refusal:
            raise dg.Failure(str(refusal), allow_retries=False) from None
        context.log.info(outcome.sentence)
        if outcome.alert:
            context.log.warning(outcome.alert)
        version = outcome.version
        return dg.MaterializeResult(
            metadata={
                "said": outcome.sentence,
                "version": version.version,
                "flipped": outcome.flipped,
                "changed": ", ".join(outcome.changed),
                "tables": version.tables,
                "rows": version.rows,
                "audits_passed": version.audits_passed,
                "headlines": dg.MetadataValue.md("\n".join(f"- {line}" for line in headlines.lines())),
            }
        )

    @dg.multi_asset_check(
        specs=[
            dg.AssetCheckSpec(
                ANSWERED, asset=KEY, blocking=True, description="No vendor that is switched on is stale."
            )
        ],
        name=ANSWERED,
    )
    def every_vendor_answered(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        stale = [standing.sentence() for standing in contacts.standings() if standing.is_stale]
        yield dg.AssetCheckResult(
            passed=not stale, severity=dg.AssetCheckSeverity.ERROR, metadata={"stale": "; ".join(stale) or "none"}
        )
        if stale:
            raise dg.Failure(
                f"Published, but not with everybody's news: {'; '.join(stale)}. The next run catches up.", allow_retries=False
            )

    return [published, every_vendor_answered]
