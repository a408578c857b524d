"""Reading server-sent events in tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2

__all__ = ["Told", "told"]


class Told(NamedTuple):
    """One event as a client sees it."""

    event: str
    data: Any
    id: str


def told(response: httpx2.Response) -> Iterator[Told]:
    """The events of a stream, heartbeats left out."""
    kind, data, number = "", "", ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            data = value
        elif name == "id":
            number = value
        elif not line and data:
            yield Told(kind, json.loads(data), number)
            kind, data, number = "", "", ""
