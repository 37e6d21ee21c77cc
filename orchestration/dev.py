"""`make dev`: Dagster's web UI and daemon on loopback, with the sandbox when no vendor is configured.

    python -m orchestration.dev [--port 3000]

Plain `dagster dev` in the repository's root shows the same assets and the same runs; it starts no sandbox.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from ingestion.accounts import REPOSITORY, SettingError, read_env_file
from orchestration import home, stand_in

HOST = "127.0.0.1"  # the UI can start runs and shows data: it is nobody's business outside this machine


def command(port: int) -> list[str]:
    """What serves Dagster's UI and daemon on that port of HOST."""
    return [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", "-h", HOST, "-p", str(port)]


def main(arguments: list[str]) -> int:
    """Serve until interrupted; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.dev", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=3000)
    port = parser.parse_args(arguments).port
    read_env_file()
    home.prepare()
    try:
        with stand_in.vendors_or_sandbox([]) as is_sandbox:
            standing_in = " (the sandbox)" if is_sandbox else ""
            print(f"Dagster on http://{HOST}:{port}, reading from {', '.join(stand_in.switched_on())}{standing_in}.", flush=True)
            process = subprocess.Popen(command(port), cwd=REPOSITORY, env=os.environ)
            try:
                return process.wait()
            finally:
                process.terminate()
                process.wait()
    except KeyboardInterrupt:
        return 0
    except (SettingError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox and Dagster end with us
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it ignored, and Dagster then ignores both
    sys.exit(main(sys.argv[1:]))
