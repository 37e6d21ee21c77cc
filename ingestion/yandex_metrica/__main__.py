"""Load Yandex.Metrica alone: `python -m ingestion.yandex_metrica`. Settings: SOURCES__YANDEX_METRICA__BASE_URL, __TOKEN, __COUNTER_ID."""

import sys

from ingestion.contact import load_alone
from ingestion.yandex_metrica import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
