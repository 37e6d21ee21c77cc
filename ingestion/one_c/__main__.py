"""Load 1C alone: `python -m ingestion.one_c`. Settings: SOURCES__ONE_C__BASE_URL, __USERNAME, __PASSWORD and __TIMEZONE."""

import sys

from ingestion.contact import load_alone
from ingestion.one_c import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
