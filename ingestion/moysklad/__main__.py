"""Load MoySklad alone: `python -m ingestion.moysklad`. Settings: SOURCES__MOYSKLAD__BASE_URL and TOKEN (or LOGIN and PASSWORD)."""

import sys

from ingestion.contact import load_alone
from ingestion.moysklad import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
