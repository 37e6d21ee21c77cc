"""`make refresh` as it stands, in a process that will not live to its end.

    OMNIMART_TRAP (JSON: a Trap, and `mark`, a file that tells that it was reached)  ──►  python -m orchestration.refresh [options]
"""

import json
import os
import runpy
import sys
from pathlib import Path

from tests.torture.trap import Trap, lay

VARIABLE = "OMNIMART_TRAP"

if __name__ == "__main__":
    told = json.loads(os.environ[VARIABLE])
    mark = Path(told.pop("mark"))
    lay(Trap(**told), on_death=lambda: mark.write_bytes(b"reached"))
    sys.argv[0] = "orchestration.refresh"
    runpy.run_module("orchestration.refresh", run_name="__main__", alter_sys=True)
