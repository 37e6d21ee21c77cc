"""Load Telphin alone: `python -m ingestion.telphin`. Settings: SOURCES__TELPHIN__BASE_URL, __CLIENT_ID and __CLIENT_SECRET."""

import sys

from ingestion.contact import load_alone
from ingestion.telphin import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
