"""Load UseDesk alone: `python -m ingestion.usedesk`. Settings: SOURCES__USEDESK__BASE_URL, SOURCES__USEDESK__API_TOKEN."""

import sys

from ingestion.contact import load_alone
from ingestion.usedesk import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
