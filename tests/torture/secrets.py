"""Secrets canary in full: every vendor refuses in every way, with all of the request in what it says; then nights of which all is searched.

    python -m tests.torture secrets

First each of the refusals from all vendors, landing alone, every logger at DEBUG. Then a machine of 200 people and 60 days: a green night,
and a red one in which a vendor is down, with alerts to a webhook. The sandbox's own credentials are the canaries there. A table says how
many files were searched; whatever was found is listed, and the exit status is 1.
"""

import argparse
import io
import json
import logging
import os
import tempfile
import threading
import time
from contextlib import redirect_stdout
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ingestion import contact, lake
from ingestion.vendors import vendors
from tests.torture.canary import HASH_KEY, HOOK, REFUSALS, SECRET, configured, found
from tests.torture.machine import Machine, world

RETAILER = ("--customers", "200", "--days", "60", "--stores", "4", "--rate", "100")
DOWN = "SOURCES__MINDBOX__BASE_URL"


def main(arguments: list[str]) -> int:
    """Run it all; gives the exit status."""
    argparse.ArgumentParser(prog="python -m tests.torture secrets", description=__doc__.splitlines()[0]).parse_args(arguments)
    stands = 0
    with tempfile.TemporaryDirectory() as folder:
        print("| what | files searched | canaries | found |\n|---|---|---|---|")
        for name, refusal in REFUSALS.items():
            stands += refused(Path(folder) / name.replace(" ", "-"), name, refusal)
        stands += nights(Path(folder) / "machine")
    return int(stands > 0)


def refused(folder: Path, name: str, refusal) -> int:
    """One landing of every vendor in one way of refusing; how many secrets were found."""
    folder.mkdir()
    said, before = io.StringIO(), dict(os.environ)
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with configured(folder / "clock", folder / "customers.csv", lambda path: refusal) as (settings, canaries, _), redirect_stdout(said):
            own = {name: value for name, value in before.items() if not name.startswith(("SOURCES__", "OMNIMART_"))}
            os.environ.clear()
            os.environ.update(own | settings | {"OMNIMART_DATA": str(folder / "data"), "OMNIMART_SECRETS": str(folder / "none.toml")})
            lake.prepare()
            errors = [contact.refresh_account(one, account, refresh_id="night", budget=timedelta(0)).error
                      for one in vendors() for account in one.accounts()]
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
        os.environ.clear()
        os.environ.update(before)
    (folder / "data" / "told.txt").write_text(said.getvalue() + json.dumps(errors, ensure_ascii=False), encoding="utf-8")
    return _row(f"landing, {name}, {sum(map(bool, errors))} of {len(errors)} vendors failed", folder / "data", canaries)


def nights(folder: Path) -> int:
    """A green night and a red one; how many secrets were found in all that they wrote, said and sent."""
    with world(folder.with_name("world"), RETAILER) as settings, hook() as (address, sent):
        canaries = {name: value for name, value in settings.items() if SECRET.search(name)} | {"hash key": HASH_KEY, "webhook": HOOK}
        told = settings | {"OMNIMART_HASH_KEY": HASH_KEY, "OMNIMART_ALERT_WEBHOOK": address}
        stands = 0
        for name, more in (("green", {}), ("red", {DOWN: "http://127.0.0.1:9", DOWN.replace("BASE_URL", "RETRY_PAUSE_SECONDS"): "0.01"})):
            began = time.monotonic()
            ended = Machine(folder, told | more).refresh()
            (folder / f"{name}.txt").write_text(ended.said + json.dumps(sent), encoding="utf-8")
            what = f"night, exit code {ended.code}, {time.monotonic() - began:.0f} s, {len(sent)} alerts"
            stands += _row(what, folder, canaries) + (ended.code != (name == "red")) + (len(sent) != (name == "red"))
    return stands


def hook():
    """A webhook whose address is a secret."""
    from contextlib import contextmanager

    @contextmanager
    def listening():
        sent: list[dict] = []

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{HOOK}", sent
        finally:
            server.shutdown()
            server.server_close()

    return listening()


def _row(what: str, folder: Path, canaries: dict[str, str]) -> int:
    stands = found(folder, canaries)
    files = sum(path.is_file() and not path.is_symlink() for path in folder.rglob("*"))
    print(f"| {what} | {files} | {len(canaries)} | {len(stands) or 'none'} |", flush=True)
    for where, name, how in stands:
        print(f"    {name} {how} in {where}", flush=True)
    return len(stands)
