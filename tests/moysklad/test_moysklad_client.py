"""The community's own client, npm `moysklad` 0.20.0, reads from the sandbox. It insists on https addresses, so the fetch it is given
rewrites their origin; it turns a UTC date of a filter into Moscow's time, which the sandbox must understand."""

import json
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sandbox.moysklad.gate import SOLUTION_TOKEN

SCRIPT = """
const Moysklad = require('moysklad')
const [origin, token] = process.argv.slice(2)
const seen = []
const ms = Moysklad({ token, fetch: (url, options) => {
  const asked = new URL(url)
  seen.push(decodeURIComponent(asked.search).replace(/\\+/g, ' '))
  return fetch(origin + asked.pathname + asked.search, options)
}})
async function main() {
  const since = new Date('2026-10-01T00:00:00Z')
  const receipts = await ms.GET('entity/retaildemand',
    { filter: { updated: { $gte: since } }, order: 'updated,asc', limit: 100, expand: 'positions' })
  const one = await ms.GET(`entity/retaildemand/${receipts.rows[0].id}`)
  const parsed = ms.parseUrl(receipts.rows[0].agent.meta.href)
  let refused
  try { await ms.GET('entity/demand2') } catch (error) { refused = { code: error.code, status: error.status } }
  console.log(JSON.stringify({ size: receipts.meta.size, first: one.id, sum: one.sum, path: parsed.path, seen, refused,
    positions: receipts.rows[0].positions.rows.length, updated: Moysklad.parseTimeString(receipts.rows[0].updated).toISOString() }))
}
main().catch(error => { console.error(error); process.exit(1) })
"""


@pytest.fixture(scope="session")
def client_folder(tmp_path_factory) -> Path:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node or npm is not installed, so the npm client was not tried")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"name": "probe", "private": true}', encoding="utf-8")
    try:
        installed = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "moysklad@0.20.0"], cwd=folder,
                                   capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer within two minutes, so the npm client was not tried")
    if installed.returncode:
        pytest.skip(f"npm could not install the client: {installed.stderr.strip()[-200:]}")
    (folder / "probe.js").write_text(SCRIPT, encoding="utf-8")
    return folder


def test_the_npm_client_reads_receipts(retailer, client_folder, small_world, ask):
    command = ["node", "probe.js", f"{retailer.url}/moysklad", SOLUTION_TOKEN]
    run = subprocess.run(command, cwd=client_folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    ours = ask("/entity/retaildemand", limit=100, order="updated,asc", filter="updated>=2026-10-01 03:00:00.000", expand="positions").json()
    first = ours["rows"][0]
    assert "updated>=2026-10-01 03:00:00.000" in told["seen"][0]
    assert (told["size"], told["first"], told["sum"]) == (ours["meta"]["size"], first["id"], first["sum"])
    assert told["positions"] == first["positions"]["meta"]["size"]
    assert told["path"] == ["entity", "counterparty", first["agent"]["meta"]["href"].rsplit("/", 1)[-1]]
    assert told["refused"] == {"code": 1005, "status": 412}
    order = next(row for row in small_world.rows("orders") if row["uuid"] == first["id"])
    written = datetime.fromisoformat(told["updated"]).replace(tzinfo=None)
    assert timedelta(0) <= written - order["created_at"] <= timedelta(seconds=70)
