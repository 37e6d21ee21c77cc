"""Load the file drop alone: `python -m ingestion.file_drop`. Settings: SOURCES__FILE_DROP__FOLDER, see docs/file-drop.md."""

import sys

from ingestion.contact import load_alone
from ingestion.file_drop import VENDOR

if __name__ == "__main__":
    sys.exit(load_alone(VENDOR))
