"""What listens, listens to this machine alone: the sockets as the operating system lists them, of real processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.accounts import REPOSITORY
from orchestration import dev

LISTENS = "0A"
COMMANDS = {
    "sandbox": ["-m", "sandbox", "serve", "--customers", "5", "--days", "3", "--stores", "1", "--port", "{port}"],
    "receiver": ["-m", "ingestion.usedesk.receiver", "--folder", "{data}/ratings", "--port", "{port}"],
    "webserver": ["-m", "dagster_webserver", "-h", dev.HOST, "-p", "{port}", "--empty-workspace"],
}


def listening(process: int) -> dict[int, set[str]]:
    """port -> addresses on which a process and its children listen, as /proc tells them."""
    inodes = set()
    for one in descendants(process):
        for handle in Path(f"/proc/{one}/fd").glob("*"):
            try:
                inodes.add(str(handle.readlink()))
            except OSError:
                continue
    found: dict[int, set[str]] = {}
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                words = [bytes.fromhex(address[at:at + 8])[::-1] for at in range(0, len(address), 8)]
                found.setdefault(int(port, 16), set()).add(socket.inet_ntop(family, b"".join(words)))
    return found


def descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    own = [int(child) for child in children.read_text(encoding="ascii").split()] if children.exists() else []
    return [process, *(one for child in own for one in descendants(child))]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the sockets are read from Linux's /proc")
def test_sandbox_receiver_and_dagsters_pages_listen_to_this_machine_alone(own_data, tmp_path):
    environment = {**os.environ, "SOURCES__USEDESK__API_TOKEN": "t", "DAGSTER_HOME": str(tmp_path)}
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    started = {}
    for name, command in COMMANDS.items():
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        told = [part.format(port=port, data=own_data) for part in command]
        started[name] = port, subprocess.Popen([sys.executable, *told], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL)
    try:
        met, until = {}, time.monotonic() + 120
        while len(met) < len(started) and time.monotonic() < until:
            met = {name: found for name, (port, process) in started.items() if port in (found := listening(process.pid))}
            time.sleep(0.2)
        assert {name: set().union(*found.values()) for name, found in met.items()} == {name: {"127.0.0.1"} for name in COMMANDS}
    finally:
        for _, process in started.values():
            process.send_signal(signal.SIGTERM)
        for _, process in started.values():
            process.wait(timeout=30)


def test_make_dev_starts_dagster_on_that_address():
    command = dev.command(3000)
    assert command[command.index("-h") + 1] == "127.0.0.1"
