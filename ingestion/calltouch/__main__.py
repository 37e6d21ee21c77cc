"""Load Calltouch alone: `python -m ingestion.calltouch`. Settings: SOURCES__CALLTOUCH__BASE_URL, __CLIENT_API_ID and __SITE_ID."""

import sys

from ingestion.calltouch import VENDOR
from ingestion.contact import load_alone

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
