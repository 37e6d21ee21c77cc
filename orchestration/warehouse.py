"""The dbt project as Dagster assets, built in one step.

    [raw_<vendor>, <resource>]  ──►  staging  ──►  intermediate  ──►  marts, pii   (keys are [schema, table])

Every model and seed is an asset with its true lineage, every dbt data test an asset check. dbt runs in this process through
orchestration/dbt.py (5 s less a night than a process of its own). A failed test does not stop the step at once: all that was
built is reported first, then the step fails with a sentence, and publishing does not start.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import build_dbt_specs, get_asset_check_key_for_test, get_subset_selection_for_context

from ingestion.vendors import vendors
from orchestration import audits, backfill_asset, exports, fits, gate, quarantine, replay
from orchestration.audits import Finding
from orchestration.dbt import DbtOutcome, NodeOutcome, run_dbt
from orchestration.manifest import PUBLISHED, manifest, published_inputs
from orchestration.raw_assets import OWNERS

NAMED = 5
COUNTS_LOADS = dg.AssetKey(["marts", "load_reconciliation"])  # those that a backfill brought too
LAYERS = frozenset({"staging", "intermediate", "marts", "pii"})


class Translator(DagsterDbtTranslator):
    """dbt's names as ours: key [schema, table], a group per layer and folder, descriptions without SQL."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Sources carry the key of the landed list; the last publication's tables are assets from outside this run."""
        if dbt_resource_props["resource_type"] == "source":
            schema = dbt_resource_props["source_name"]
            return dg.AssetKey(["last_publication" if schema == PUBLISHED else schema, dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer and, where a layer has rooms, the room: staging_<vendor>, intermediate_identity, marts_kpi."""
        if dbt_resource_props["resource_type"] == "source":
            return self.get_asset_key(dbt_resource_props).path[0]
        rooms = dbt_resource_props["fqn"][1:-1][:2]
        return "_".join(rooms) if rooms else "seeds"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's sentence; its SQL is a click away in the repository."""
        return dbt_resource_props.get("description") or ""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The team that answers for the warehouse."""
        return OWNERS


TRANSLATOR = Translator()


def warehouse_assets() -> dg.AssetsDefinition:
    """One multi-asset for the whole dbt project."""
    project = manifest()
    specs, check_specs = build_dbt_specs(
        translator=TRANSLATOR, manifest=project, select="fqn:*", exclude="", selector="", io_manager_key=None, project=None
    )

    counting = next(spec.key for spec in specs if spec.key == COUNTS_LOADS)
    specs = [spec.merge_attributes(deps=[backfill_asset.KEY]) if spec.key == counting else spec for spec in specs]

    @dg.multi_asset(
        name="build_warehouse",
        specs=specs,
        check_specs=check_specs,
        can_subset=True,
        allow_arbitrary_check_specs=True,
        required_resource_keys={"extraction"},
    )
    def build_warehouse(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """The resource is named for its lock alone: two builds must never share the warehouse file."""
        if not any(vendor.accounts() for vendor in vendors()):
            raise dg.Failure(
                "No vendor is switched on, so there is nothing to build and nothing is published. Set a vendor's credentials "
                "(.env.example), or start with `make refresh` or `make dev`, which bring the sandbox.",
                allow_retries=False,
            )
        selection = _selection(context, project) if context.is_subset else None
        outcome = build(context.run_id, selection=selection, say=context.log.info)
        yield from _materializations(context.selected_asset_keys, project, outcome)
        yield from _check_results(context.selected_asset_check_keys, project, outcome)
        broken = [_sentence(node) for node in outcome.failed]
        if broken:
            more = f" And {len(broken) - NAMED} more." if len(broken) > NAMED else ""
            raise dg.Failure(
                f"The warehouse did not stand its tests; nothing is published. {' '.join(broken[:NAMED])}{more}",
                allow_retries=False,
            )

    return build_warehouse


def last_publication() -> list[dg.AssetSpec]:
    """What the build starts from and an earlier run published: the living registry of customer ids, redirects, past publications."""
    return [
        dg.AssetSpec(
            ["last_publication", name],
            group_name="last_publication",
            kinds={"parquet"},
            owners=OWNERS,
            description=f"{name} as it was published last; read, never written, by a run.",
        )
        for name in published_inputs()
    ]


def build(refresh_id: str, *, selection: list[str] | None = None, say: Callable[[str], None] = print) -> DbtOutcome:
    """Run dbt build and record what its tests found. A selection keeps the other findings of the newest build.
    Raises dagster.Failure when dbt stopped before it built anything."""
    in_quarantine = quarantine.standing()
    if not selection:
        audits.begin(refresh_id)
    outcome = run_dbt(
        ["build", "--exclude-resource-type", "unit_test", *(selection or [])], refresh_id=refresh_id, on_event=_progress(say), say=say
    )
    if outcome.error or not outcome.nodes:
        raise dg.Failure(
            f"dbt stopped before the warehouse was built: {outcome.error}. What was published stays.", allow_retries=False
        )
    whole = [] if selection else [Finding(gate.BUILD, gate.DBT, True)]
    audits.record(
        [
            *whole,
            *(_finding(node) for node in outcome.nodes if _kind(node) == "test" or node.status not in ("success", "skipped")),
        ]
    )
    counts = Counter(_kind(node) for node in outcome.nodes)
    built = f"{counts['model']} models, {counts['seed']} seeds and {counts['test']} tests"
    say(f"dbt: {built}; {len(outcome.failed)} failed, {len(outcome.warned)} warned.")
    if in_quarantine:
        say(replay.told(in_quarantine, quarantine.standing())[0])
    return outcome


def _selection(context: dg.AssetExecutionContext, project: Mapping[str, Any]) -> list[str]:
    chosen, _ = get_subset_selection_for_context(
        context=context,
        manifest=project,
        select=None,
        exclude=None,
        selector=None,
        dagster_dbt_translator=TRANSLATOR,
        current_dbt_indirect_selection_env=None,
    )
    return chosen


def _progress(say: Callable[[str], None]) -> Callable[[Any], None]:
    """A line when each layer's first model starts; a line per model would be a wall of text."""
    seen: set[str] = set()

    def on_event(event: Any) -> None:
        if event.info.name == "LogStartLine":
            layer = event.data.node_info.node_relation.schema
            if layer in LAYERS and layer not in seen:
                seen.add(layer)
                say(f"dbt: building {layer}")

    return on_event


def _finding(node: NodeOutcome) -> Finding:
    passed = node.status in ("pass", "success")
    return Finding(
        audit=node.unique_id,
        kind=gate.DBT,
        passed=passed,
        blocks=node.status != "warn",
        sentence="" if passed else _sentence(node),
        numbers={"failures": node.failures, "seconds": round(node.seconds, 2)},
    )


def _sentence(node: NodeOutcome) -> str:
    return f"dbt {_kind(node)} {node.unique_id.split('.')[2]}: {' '.join((node.message or node.status).split())}."


def _kind(node: NodeOutcome) -> str:
    return node.unique_id.split(".")[0]


def _materializations(selected: Set[dg.AssetKey], project: Mapping[str, Any], outcome: DbtOutcome) -> Iterator[dg.MaterializeResult]:
    with exports.reading() as connection:
        rows = exports.row_counts(connection)
    built = {node.unique_id: node for node in _known(project, outcome) if _kind(node) in ("model", "seed") and node.status == "success"}
    # Dagster refuses an asset that is yielded before one it depends on.
    order = TopologicalSorter({unique_id: built.keys() & project["parent_map"].get(unique_id, ()) for unique_id in built})
    for unique_id in order.static_order():
        key = TRANSLATOR.get_asset_key(project["nodes"][unique_id])
        if key in selected:
            counted = rows.get((key.path[0], key.path[-1]))
            metadata = {"seconds": round(built[unique_id].seconds, 2), **({} if counted is None else {"dagster/row_count": counted})}
            metadata |= fits.metadata() if key == fits.KEY and counted is not None else {}
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _check_results(selected: Set[dg.AssetCheckKey], project: Mapping[str, Any], outcome: DbtOutcome) -> Iterator[dg.AssetCheckResult]:
    for node in _known(project, outcome):
        if _kind(node) != "test" or node.status == "skipped":
            continue
        check = get_asset_check_key_for_test(project, TRANSLATOR, node.unique_id, None)
        if check in selected:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=node.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"failures": node.failures or 0, "said": node.message},
            )


def _known(project: Mapping[str, Any], outcome: DbtOutcome) -> list[NodeOutcome]:
    """The nodes that were there when Dagster loaded its definitions. dbt reads the files as they are now, and somebody may have edited
    them since; what is new is built, tested and audited all the same, and shown after a reload."""
    return [node for node in outcome.nodes if node.unique_id in project["nodes"]]
