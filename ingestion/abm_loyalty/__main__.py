"""Load ABM Loyalty alone: `python -m ingestion.abm_loyalty`. Settings: SOURCES__ABM_LOYALTY__BASE_URL and __API_KEY."""

import sys

from ingestion.abm_loyalty import VENDOR
from ingestion.contact import load_alone

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
