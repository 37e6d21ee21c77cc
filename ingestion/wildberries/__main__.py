"""Load Wildberries alone: `python -m ingestion.wildberries`. Settings: SOURCES__WILDBERRIES__TOKEN."""

import sys

from ingestion.contact import load_alone
from ingestion.wildberries import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
