"""What a tool is: one typed function marked READ or WRITE, with a docstring.

A tool checks the caller, then the state, then its arguments, acts, and returns the object.
The caller comes from the session through :class:`ToolContext`; no argument of a tool can
name one. WRITE tools run inside the writing transaction they are given and leave an audit
event. They are called by a confirmed pending action (``agent.actions``), a page's own
confirmation or the API; a flow calls only those that say they need no confirmation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypeVar

from agent.guardrails import mask_pii
from agent.shop.rules import Rules
from agent.shop.weather import Observation
from agent.triage.types import Triage
from agent.types import Caller, Source
from errors import BadInput, Forbidden, NotSignedIn
from store import audit
from store.database import Row, Tx
from vision.types import Opinion, Reference, Report

__all__ = [
    "MOST",
    "MOST_REASON_CHARS",
    "REGISTRY",
    "PhotoDesk",
    "PhotoModel",
    "PolicySearch",
    "ProductSearch",
    "Tool",
    "ToolContext",
    "WeatherProvider",
    "clean",
    "place_of",
    "run",
    "tool",
]

MOST = 100  # things in one answer (http.md, Conventions)
MOST_REASON_CHARS = 1000
# What people write in their own words; addresses are not among it, they must stay provable.
_FREE_TEXT = frozenset({"description", "note", "reason_text", "resolution", "subject"})
_MARGIN = 100  # characters; no personal number is longer
Kind = Literal["READ", "WRITE"]
F = TypeVar("F", bound=Callable[..., Any])


class PolicySearch(Protocol):
    """The one search function of ``retrieval`` as tools see it."""

    def __call__(
        self,
        query: str,
        *,
        mode: Any = ...,
        top_k: int = ...,
        staff: bool = ...,
        today: date,
        include_superseded: bool = ...,
    ) -> Any: ...


class ProductSearch(Protocol):
    """The catalogue on the search engine (``retrieval.products.ProductIndex``).

    ``usable`` says whether it can answer, ``version`` which catalogue it was built from
    (``store.product_index.version``).
    """

    @property
    def usable(self) -> bool: ...

    @property
    def version(self) -> int | None: ...

    def search(
        self,
        query: str,
        *,
        category: str = ...,
        min_price_krw: int = ...,
        max_price_krw: int | None = ...,
        top_k: int = ...,
    ) -> Any: ...

    def similar(
        self,
        product_id: str,
        *,
        category: str = ...,
        min_price_krw: int = ...,
        max_price_krw: int | None = ...,
        top_k: int = ...,
    ) -> list[tuple[str, float]]: ...


class WeatherProvider(Protocol):
    """Where the weather comes from (``agent.weather_client``)."""

    def current(self, place: str) -> Observation:
        """The weather there now. Raises NotFound for an unknown place, Unavailable."""


# What a language model says of a photo beside the catalogue's pictures; never raises.
PhotoModel = Callable[[bytes, Sequence[Reference]], Opinion]


class PhotoDesk(Protocol):
    """Where pictures lie and who judges them (``services.photos.Photos``)."""

    def read(self, row: Row) -> bytes | None:
        """The stored JPEG of an attachment's row or a catalogue picture's; None: it is gone."""

    def inspect(
        self,
        data: bytes,
        references: Sequence[Reference],
        *,
        upload_px: tuple[int, int],
        model: PhotoModel | None = None,
    ) -> Report:
        """Judge a stored JPEG; ``model`` is a language model that looks at it too.

        Raises BadInput.
        """


class Watch(Protocol):
    """Who keeps what a turn's tools were asked and what came of it (``agent.trace``)."""

    def tool(
        self, name: str, kind: str, arguments: Mapping[str, Any], work: Callable[[], Any]
    ) -> Any:
        """Run ``work``. Raises what it raises."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """Everything a tool may use. ``granted`` are orders a guest has proved to be theirs."""

    tx: Tx
    caller: Caller
    rules: Rules
    now: datetime
    source: Source = "chat"
    turn_id: str | None = None
    conversation_id: str | None = None
    granted: frozenset[str] = frozenset()
    policy_search: PolicySearch | None = None
    product_search: ProductSearch | None = None
    weather: WeatherProvider | None = None
    triage: Triage | None = None
    photos: PhotoDesk | None = None
    photo_model: PhotoModel | None = None
    used: list[str] = field(default_factory=list)
    watch: Watch | None = None

    def me(self) -> str:
        """The signed-in caller's id. Raises NotSignedIn for a guest."""
        if self.caller.user_id is None:
            raise NotSignedIn("로그인이 필요한 일이에요. 로그인한 뒤 다시 말씀해 주세요.")
        return self.caller.user_id

    def require_staff(self) -> None:
        """Raises Forbidden for anybody who is not staff."""
        if not self.caller.is_staff:
            raise Forbidden("담당자만 할 수 있는 일이에요.")

    def owner(self, object_id: str = "") -> str | None:
        """Whose things the caller may see: an id, or None for anybody's (staff, a grant)."""
        if self.caller.is_staff or (object_id and object_id in self.granted):
            return None
        return self.me()

    def audit(
        self,
        action: str,
        object_type: str,
        object_id: str,
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        """Write who did what, in the transaction of the change; of free text only that it did."""
        before, after = _without_words(before, after)
        audit.write(
            self.tx, at=self.now, actor_id=self.caller.user_id, actor_role=self.caller.role,
            source=self.source, turn_id=self.turn_id, action=action, object_type=object_type,
            object_id=object_id, before=before, after=after,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """A registered tool; ``help`` is its docstring's first line."""

    name: str
    kind: Kind
    function: Callable[..., Any]
    help: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its arguments, the context left out."""
        return tuple(inspect.signature(self.function).parameters)[1:]


REGISTRY: dict[str, Tool] = {}


def tool(kind: Kind) -> Callable[[F], F]:
    """Register a function as a tool under its own name."""

    def register(function: F) -> F:
        name = function.__name__
        text = inspect.getdoc(function)
        if not text or name in REGISTRY:
            raise TypeError(f"tool {name!r} needs a docstring and a name of its own")
        REGISTRY[name] = Tool(name, kind, function, text.splitlines()[0])
        return function

    return register


def clean(text: str, limit: int | None = None) -> str:
    """Free text as it may be stored: personal numbers and passwords masked (domain.md).

    ``limit`` cuts it after so many characters. What lies far behind is not looked at, and no
    part of a number that stands across the cut is left.
    """
    if limit is None or len(text) <= limit + 2 * _MARGIN:
        return mask_pii(text).text[:limit]
    return mask_pii(text[: limit + 2 * _MARGIN]).text[:-_MARGIN][:limit]


def place_of(cursor: str | None) -> tuple[str, str] | None:
    """The (time, id) of a list's cursor ``time~id``; None for the beginning. Raises BadInput."""
    if not cursor:
        return None
    at, separator, object_id = cursor.partition("~")
    if not separator:
        raise BadInput("목록이 바뀌었어요. 처음부터 다시 열어 주세요.", code="bad_cursor")
    return at, object_id


def _without_words(
    before: dict[str, Any], after: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of a change with marks in place of free text; empty stays empty."""
    was, now = dict(before), dict(after)
    for name in _FREE_TEXT & (was.keys() | now.keys()):
        same = before.get(name) == after.get(name)
        for side, mark in ((was, "(이전 내용)"), (now, "(새 내용)")):
            if side.get(name):
                side[name] = "(그대로)" if same else mark
    return was, now


def run(context: ToolContext, name: str, /, **arguments: Any) -> Any:
    """Run a registered tool. Raises whatever the tool raises, all of it SangdamError.

    A WRITE tool on a reading transaction is a programming error and refused.
    """
    found = REGISTRY[name]
    if found.kind == "WRITE" and not context.tx.writable:
        raise Forbidden("지금은 변경할 수 없어요.")
    context.used.append(name)
    if context.watch is None:
        return found.function(context, **arguments)
    return context.watch.tool(
        name, found.kind, arguments, lambda: found.function(context, **arguments)
    )
