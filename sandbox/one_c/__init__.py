"""1C:ERP's stand-in: the standard OData v3 interface of the platform, over the simulated retailer.

    World  ->  shelves of the published objects as of the clock  ->  filter, order, page, select  ->  JSON or atom

What it answers under /erp/odata/standard.odata: `$metadata`; sets, their `/$count` and tabular sections; entities by key and what they
refer to; `Balance()`, `SliceLast()`; `POST SelectChanges`, `POST NotifyChangesReceived`. It is part of `python -m sandbox serve`,
under /one_c.

Documented by the vendor's manual, chapter 17.4 (D), seen in clients (C: hacker-cb/1c-odata, kr-aleksey/PyOData1C), assumed (A):
- D atom unless JSON is asked for; DataServiceVersion 3.0; no next link, no page cap; `odata.count` is a string; C `$count` begins with a
  byte order mark; naive server times (option `one_c.time_zone`) and the empty date 0001-01-01T00:00:00; A Int64 is a string.
- D `$skip` before `$top`; D with a count both are ignored, C they are not (option `one_c.counting_is_whole=1` for the former); A without
  `$orderby` rows come in the order of their references, not of their dates.
- D a row that the user may not see fails the whole query, 401 with code 20, unless `allowedOnly=true`: one in ten of the sets in
  option `one_c.restricted`.
- D objects are published one by one and A are called differently everywhere: options `one_c.unpublished`, `one_c.renamed`.
- A receipts are archived when the shift closes, purged after `one_c.receipts_kept_days`; `one_c.changes` lists edits made in 1C alone.
- D changes by exchange plan (option `one_c.exchange_plan`: its canonical name and node); A what was purged is a deletion to it. Option
  `one_c.registers_in_plan`: registers whose record sets are in it.
- C the register of revenue and cost names goods by Catalog_КлючиАналитикиУчетаНоменклатуры and has Стоимость and СтоимостьБезНДС, A with
  the option `one_c.flat_costs=1` it names Номенклатура, Склад and Себестоимость.
"""

from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.one_c.gate import PASSWORD, USERNAME
from sandbox.one_c.methods import ROOT, Methods
from sandbox.server import Sandbox

REQUESTS_PER_SECOND = 5

# Faults of its own that pass; a storm brings them too.
FAULTS = (Fault("one_c", path=r"^(?!.*\$metadata)", status=401, body="session ended"),)


def routes(sandbox: Sandbox) -> list[Route]:
    """The vendor's methods for this sandbox."""
    return Methods(sandbox).routes()


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the pipeline here; the infobase itself has no limit, so `rate` hurries the client's own politeness."""
    return {
        "SOURCES__ONE_C__BASE_URL": f"{base_url}{ROOT}",
        "SOURCES__ONE_C__USERNAME": USERNAME,
        "SOURCES__ONE_C__PASSWORD": PASSWORD,
        "SOURCES__ONE_C__TIMEZONE": "Europe/Moscow",
        "SOURCES__ONE_C__REQUESTS_PER_SECOND": f"{REQUESTS_PER_SECOND * rate:g}",
    }
