"""Changes over HTTP that a client may safely send again (``Idempotency-Key``).

The answer is kept in the transaction of the change itself: after a crash there are both or
neither, and of two equal requests at once one runs and the other gets its answer. Requests
that were refused are not kept: nothing has happened, and the next try may succeed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agent.tools.base import ToolContext, run
from agent.types import Caller
from errors import BadInput, NotSignedIn
from store import requests
from store.database import dump, load

if TYPE_CHECKING:
    from services.desk import Services

__all__ = ["KEPT", "Call", "KeyReused", "Repeats"]

KEPT = timedelta(hours=24)
Call = Callable[..., Any]  # (name of a tool, **its arguments)
Answer = dict[str, Any]


class KeyReused(BadInput):
    """The key belongs to another request of the same caller."""

    http_status = 422
    code = "idempotency_key_reused"


class Repeats:
    """Runs tools in one transaction and remembers what was answered."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk

    def once(
        self,
        caller: Caller,
        work: Callable[[Call], Answer],
        *,
        key: str | None,
        request: object,
    ) -> tuple[Answer, bool]:
        """The answer of ``work`` and whether it is a repeated one.

        ``work`` gets a function that runs a tool; all it runs is one transaction. ``request``
        (plain JSON values) is what was asked: a key stands for one such request. Raises
        NotSignedIn without an account, KeyReused, whatever ``work`` raises.
        """
        if caller.user_id is None:
            raise NotSignedIn("로그인이 필요한 일이에요. 로그인한 뒤 다시 시도해 주세요.")
        asked = hashlib.sha256(dump(request).encode()).hexdigest()
        with self._desk.database.write() as tx:
            now = self._desk.clock()  # inside: while waiting for the other one time has passed
            found = requests.find(tx, caller.user_id, key, since=now - KEPT) if key else None
            if found is not None:
                if found["fingerprint"] != asked:
                    raise KeyReused(
                        "이 Idempotency-Key는 다른 요청에 이미 썼어요. 새 키로 다시 보내 주세요."
                    )
                return load(found["answer"]), True
            context = ToolContext(tx, caller, self._desk.rules, now, source="api")
            answer = work(lambda name, /, **arguments: run(context, name, **arguments))
            if key:
                requests.add(
                    tx, caller.user_id, key, fingerprint=asked, answer=dump(answer), at=now
                )
            return answer, False

    def forget_old(self) -> int:
        """Delete the answers that are kept no longer; returns how many. Idempotent."""
        with self._desk.database.write() as tx:
            return requests.forget(tx, before=self._desk.clock() - KEPT)
