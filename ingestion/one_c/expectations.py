"""What 1C promises about one night's rows; the form and its meaning stand in ingestion/expectations.py."""

import great_expectations.expectations as gxe

from ingestion.expectations import Suite
from ingestion.one_c import VENDOR

SUITES: dict[str, Suite] = {
    one.name: Suite(resource=one.name, error=(gxe.ExpectColumnValuesToNotBeNull(column="document_key"),)) for one in VENDOR.resources
}
