"""The way in for ratings: takes UseDesk's webhooks and appends each as one line to the file of its day.

UseDesk ── POST {"secret": …, …} ──► this ──► <folder>/ratings-2026-11-22.jsonl ──► ratings.py, with the next refresh

Run: `python -m ingestion.usedesk.receiver --folder /srv/omnimart-ratings --port 8808`; docs/operations.md, «UseDesk ratings», says how to
set it up. Whatever carries the secret is kept, ratings or not, since what a rating's body looks like is not documented: what is no rating
ends in quarantine. The secret itself is not kept; `received_at` is added. A webhook is answered 200 only when its line is on the disk.
The secret is the setting webhook_secret, else the API token: the vendor's pages say once that it is the channel's token and once that
it is the application's id.
"""

import argparse
import fcntl
import hmac
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ingestion import clock
from ingestion.accounts import MAIN, Account, SettingError, read_env_file

LONGEST_BODY = 1_000_000


def receiver(folder: Path, *, secret: Callable[[], str]) -> Starlette:
    """The application. secret: read for each webhook, so that a changed one counts at once."""

    async def take(request: Request) -> JSONResponse:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                return _refused(413, f"a webhook has at most {LONGEST_BODY} bytes")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            return _refused(400, "the body is no JSON; tick «JSON request» in the API channel")
        if not isinstance(told, dict):
            return _refused(400, "the body is no JSON object")
        if not hmac.compare_digest(str(told.pop("secret", "")).encode("utf-8", "replace"), secret().encode()):
            return _refused(403, "the secret is missing or wrong")
        try:
            await run_in_threadpool(append, folder, told)
        except OSError as error:
            print(f"usedesk ratings: a webhook could not be written to {folder}: {error}. It was answered 503.", file=sys.stderr)
            return _refused(503, "the webhook could not be kept; send it again")
        return JSONResponse({"status": "kept"})

    return Starlette(routes=[Route("/", take, methods=["POST"]), Route("/{path:path}", take, methods=["POST"])])


def append(folder: Path, told: dict) -> None:
    """One line, whole or not at all, on the disk when this returns. Raises OSError; nothing is left of the line then."""
    now = clock.now()
    # ASCII: half an emoji, which JSON may hold as an escape, has no bytes of its own.
    line = json.dumps({**told, "received_at": now.isoformat(timespec="seconds")}).encode("ascii") + b"\n"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"ratings-{now:%Y-%m-%d}.jsonl"
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            # Half a line of a machine that died; it stays a line of its own and is told as unreadable.
            line = b"\n" + line
        try:
            if os.write(handle, line) != len(line):
                raise OSError("the disk is full")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
    if is_new:
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def main() -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.usedesk.receiver", description="Take UseDesk's webhooks into a folder.")
    parser.add_argument("--folder", type=Path, required=True, help="where the daily files are; RATINGS_FOLDER of the refresh")
    parser.add_argument("--port", type=int, default=8808)
    parser.add_argument("--host", default="127.0.0.1", help="behind a web server that speaks TLS: leave it")
    parser.add_argument("--account", default=MAIN)
    given = parser.parse_args()
    read_env_file()
    account = Account("usedesk", given.account)

    def secret() -> str:
        return account.setting("webhook_secret", "") or account.setting("api_token")

    try:
        secret()
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    uvicorn.run(receiver(given.folder, secret=secret), host=given.host, port=given.port, log_level="info", lifespan="off")
    return 0


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why, "code": status}, status_code=status)


if __name__ == "__main__":
    sys.exit(main())
