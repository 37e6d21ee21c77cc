"""The small retailer behind MoySklad's stand-in, asked the way the vendor's API is asked."""

from collections.abc import Callable
from functools import partial

import httpx
import pytest

from ingestion.moysklad import VENDOR
from sandbox.moysklad.gate import SOLUTION_TOKEN
from tests.nights import landed_rows


@pytest.fixture
def ask(retailer) -> Callable[..., httpx.Response]:
    """ask("/entity/product", limit=2) -> the answer; headers and method as keywords `headers` and `method`."""
    root = f"{retailer.url}/moysklad/api/remap/1.2"
    usual = {"Accept-Encoding": "gzip", "Authorization": f"Bearer {SOLUTION_TOKEN}"}

    def question(path: str, *, method: str = "GET", headers: dict[str, str | None] | None = None, **params: object) -> httpx.Response:
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        request = httpx.Request(method, root + path, params=params, headers=sent)
        with httpx.Client() as client:
            return client.send(request)

    return question


@pytest.fixture
def landed(own_data) -> Callable[[str], list[dict]]:
    """landed("retail_demands") -> every landed row of the resource, in the order it was asked for."""

    return partial(landed_rows, VENDOR)
