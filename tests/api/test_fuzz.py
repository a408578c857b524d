"""A little of ``make fuzz``, the same requests each time."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api
from tests.api.fuzz import OPEN, fuzz

EXAMPLES = 8


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the fuzzer's own, and what bad forms leave behind
@pytest.mark.parametrize("caller", ["nobody", "minji", "admin"])
def test_no_request_breaks_the_api_or_its_document(api: Api, caller: str) -> None:
    api.shop.settings = api.shop.settings.replace(**OPEN)
    document = api.client.get("/api/openapi.json").json()
    whole = caller == "admin"  # who reaches the most; once is enough for every boundary
    report = fuzz(api, caller, examples=EXAMPLES, enumerate_all=whole)
    assert not report.failures, report.told()
    told = {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item}
    assert report.operations == told
    assert report.requests >= EXAMPLES * len(told) * 0.6  # an operation has only so many requests
    if whole:  # the requests reach what they ask for, not only the checks before it
        assert {one for one in told if one.startswith("GET")} <= report.answered
