"""OpenAI's own client and a small chat program in front of ``/v1``, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
from openai import OpenAI

from services import Services
from tests.api.conftest import Api, Headers

__all__ = ["Message", "Talk", "assistant", "events", "official", "post", "tables", "user"]

Message = dict[str, Any]
URL = "/v1/chat/completions"


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


@contextmanager
def official(api: Api, headers: Headers | None = None) -> Iterator[OpenAI]:
    """The official client, with this key and no environment of this machine."""
    key = (headers or {}).get("Authorization", "Bearer none").removeprefix("Bearer ")
    with httpx2.Client(trust_env=False, timeout=30) as http:
        yield OpenAI(base_url=f"{api.url}/v1", api_key=key, http_client=http, max_retries=0)


def post(
    api: Api, messages: Sequence[Message], headers: Headers | None = None, **more: Any
) -> httpx2.Response:
    return api.client.post(URL, json={"messages": list(messages), **more}, headers=headers or {})


def events(text: str) -> list[Any]:
    """The data of a stream's events; comments are left out, "[DONE]" stays a word."""
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


class Talk:
    """A chat program: keeps the history and sends all of it each time."""

    def __init__(self, api: Api, headers: Headers | None = None, **more: Any) -> None:
        self.api, self.headers, self.more = api, headers or {}, more
        self.history: list[Message] = []

    def say(self, text: str) -> str:
        answer = post(self.api, [*self.history, user(text)], self.headers, **self.more)
        assert answer.status_code == 200, answer.text
        said = str(answer.json()["choices"][0]["message"]["content"])
        self.history += [user(text), assistant(said)]
        return said

    def copy(self) -> Talk:
        """The same chat in another window."""
        other = Talk(self.api, self.headers, **self.more)
        other.history = list(self.history)
        return other


def tables(shop: Services) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, a word index's own beside it."""
    with shop.database.read() as tx:
        names = [row["name"] for row in tx.rows(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' "
            "and sql not like 'create virtual%'"
        )]  # fmt: skip
        return {name: tx.rows(f'select * from "{name}"') for name in names}
