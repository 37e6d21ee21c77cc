"""Load RetailCRM alone: `python -m ingestion.retailcrm`. Settings: SOURCES__RETAILCRM__BASE_URL, SOURCES__RETAILCRM__API_KEY."""

import sys

from ingestion.contact import load_alone
from ingestion.retailcrm import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
