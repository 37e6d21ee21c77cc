"""Load Mindbox alone: `python -m ingestion.mindbox`. Settings: SOURCES__MINDBOX__BASE_URL, __SECRET_KEY, __ENDPOINT_ID."""

import sys

from ingestion.contact import load_alone
from ingestion.mindbox import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
