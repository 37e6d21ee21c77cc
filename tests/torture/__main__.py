"""`python -m tests.torture [name] [options]`: one long proof, or all of them, each with its own table of what was measured."""

import importlib
import sys

# name -> the module of this folder whose main(arguments) runs it and gives the exit status; 0 when everything was as promised.
TORTURES = {
    "crash": "tests.torture.crash",
    "concurrency": "tests.torture.concurrency",
    "baddata": "tests.torture.baddata",
    "days": "tests.torture.days",
    "network": "tests.torture.network",
    "room": "tests.torture.room",
    "secrets": "tests.torture.secrets",
}


def main(arguments: list[str]) -> int:
    """Run the named proof with its options, or all of them without any."""
    if arguments and arguments[0] not in TORTURES:
        print(f"{__doc__}\n\nThere are: {', '.join(TORTURES)}; `--help` after a name tells its options.")
        return 0 if arguments[0] in ("-h", "--help") else 2
    chosen = {arguments[0]: arguments[1:]} if arguments else {name: [] for name in TORTURES}
    codes = [importlib.import_module(TORTURES[name]).main(options) for name, options in chosen.items()]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
