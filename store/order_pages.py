"""Lists of orders page by page, served by indexes alone whatever the number of orders.

Every list is newest first by ``orders.place`` (m004_orders). A page is the merge of a few
sources (one per status, one per way a text may be meant), each an index read downwards from
the cursor and cut off after a page's length, so the cost does not grow with the depth.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from errors import BadInput
from store import orders
from store.database import Tx, dump
from store.models import OrderPage, from_text

__all__ = ["clear_index", "indexed_at_once", "page"]

MOST = 100  # orders in one page (http.md, Conventions)
LONGEST_TEXT = 100  # characters of a search that count
NUMBER_PREFIX = 8  # a number's beginning counts from here on; the whole number always does
MOST_ACCOUNTS = 50  # of one e-mail's beginning
_END = 2**63 - 1
_LAST = "\U0010ffff"  # sorts behind every text

# Where an order number, its serial or the number of the shop it came from may be meant.
_BY_NUMBER = """
select place, user_id, status from orders where order_id = :t or order_id = upper(:t)
union select place, user_id, status from orders where substr(order_id, 10) = :serial
union select place, user_id, status from orders where external_id in (:t, '#' || :t)
"""
_BY_BEGINNING = """
union select place, user_id, status from orders where order_id >= :t and order_id < :t_end
union select place, user_id, status from orders where external_id >= :t and external_id < :t_end
"""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The filters, with the days as the places between which the orders lie."""

    user_id: str | None
    statuses: tuple[str, ...]
    first: int
    before: int
    limit: int


def page(
    tx: Tx,
    *,
    user_id: str | None = None,
    statuses: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    text: str = "",
    people: bool = False,
    cursor: str | None = None,
    limit: int = 20,
    with_total: bool = False,
) -> OrderPage:
    """A page of orders with their lines, newest first; ``user_id`` None means anybody's.

    ``since`` and ``until`` are stored times (from included, to excluded; hundredths of a
    second count). ``text`` is an order number (ours or the other shop's, whole, from its
    eighth character on, or its serial) or part of a product's name; with ``people`` also of
    the customer's or recipient's name, or the beginning of an e-mail with its ``@``.
    ``limit`` is 1 to 100. ``total`` counts all pages when asked for and ``text`` is empty.
    Raises BadInput for a cursor that no page gave.
    """
    limit = max(1, min(limit, MOST))
    before = _place(until) if until else _END
    first = _place(since) if since else 0
    wanted = _Wanted(
        user_id, tuple(dict.fromkeys(statuses)), first,
        min(before, _decode(cursor)) if cursor else before, limit + 1,
    )  # fmt: skip
    found = sorted(set(_places(tx, wanted, text.strip(), people)), reverse=True)
    shown = found[:limit]
    marks = ", ".join("?" for _ in shown)
    rows = tx.rows(
        f"select * from orders where place in ({marks}) and user_id = coalesce(?, user_id) "
        "order by place desc",
        [*shown, user_id],
    )
    more = _encode(shown[-1]) if len(found) > limit else None
    total = None
    if with_total and not text.strip():
        total = _count(tx, wanted, before)
    return OrderPage(tuple(orders.with_lines(tx, rows)), more, total)


def clear_index(tx: Tx) -> None:
    """Empty the full text index, for a caller that deletes the orders without triggers."""
    tx.execute("delete from order_search")


@contextmanager
def indexed_at_once(tx: Tx) -> Iterator[list[str]]:
    """For writing many orders: those put on the list are indexed together at the end.

    Until then searches in this transaction do not see them; the list must hold every order
    that was inserted or changed. Deleting orders or lines is not meant to be done inside.
    """
    tx.execute("insert into order_search_pause values (1)")
    written: list[str] = []
    yield written
    tx.execute("delete from order_search_pause")
    ids = "(select value from json_each(?))"
    tx.execute(
        "delete from order_search where rowid in "
        f"(select place from orders where order_id in {ids})",
        (dump(written),),
    )
    tx.execute(
        "insert into order_search (rowid, goods, people, owner, state) "
        "select place, goods, people, owner, state from order_search_texts "
        f"where order_id in {ids}",
        (dump(written),),
    )


def _places(tx: Tx, wanted: _Wanted, text: str, people: bool) -> Iterator[int]:
    if not text:
        yield from _listed(tx, wanted, wanted.user_id)
        return
    text = unicodedata.normalize("NFC", text)[:LONGEST_TEXT]
    if text.isascii() and any(sign.isdigit() for sign in text):
        yield from _numbered(tx, wanted, text)
    if people and "@" in text:
        for row in tx.rows(
            "select user_id from users where email >= :t and email < :t || :last limit :most",
            {"t": text.lower(), "last": _LAST, "most": MOST_ACCOUNTS},
        ):
            if wanted.user_id in (None, row["user_id"]):
                yield from _listed(tx, wanted, row["user_id"])
    yield from _searched(tx, wanted, text, people)


def _listed(tx: Tx, wanted: _Wanted, user_id: str | None) -> Iterator[int]:
    """One read of an index for every status, or one for them all."""
    for status in wanted.statuses or (None,):
        index, where = _index(user_id, status)
        for row in tx.rows(
            f"select place from orders indexed by {index} where {where}place >= :first "
            "and place < :before order by place desc limit :limit",
            {
                "user_id": user_id, "status": status, "first": wanted.first,
                "before": wanted.before, "limit": wanted.limit,
            },
        ):  # fmt: skip
            yield row["place"]


def _index(user_id: str | None, status: str | None) -> tuple[str, str]:
    """The index that serves these filters, and the conditions it serves."""
    names = [name for name, value in (("user", user_id), ("status", status)) if value is not None]
    columns = {"user": "user_id = :user_id and ", "status": "status = :status and "}
    return "_".join(("ix_orders", *names, "place")), "".join(columns[name] for name in names)


def _numbered(tx: Tx, wanted: _Wanted, text: str) -> Iterator[int]:
    serial = text if len(text) == 7 and text.isdigit() else None
    sql = _BY_NUMBER + (_BY_BEGINNING if len(text) >= NUMBER_PREFIX else "")
    for row in tx.rows(
        f"select * from ({sql}) where place >= :first and place < :before order by place desc",
        {
            "t": text, "t_end": text + _LAST, "serial": serial, "first": wanted.first,
            "before": wanted.before,
        },
    ):  # fmt: skip
        mine = wanted.user_id in (None, row["user_id"])
        if mine and (not wanted.statuses or row["status"] in wanted.statuses):
            yield row["place"]


def _searched(tx: Tx, wanted: _Wanted, text: str, people: bool) -> Iterator[int]:
    # What the index takes no notice of must not become an empty phrase, which finds all.
    plain = "".join(s for s in text.lower() if unicodedata.category(s)[0] not in "ZC")
    if not plain:
        return
    pairs = [plain[at : at + 2] for at in range(len(plain) - 1)]
    phrase = _quoted(" ".join(pairs)) if pairs else f"{_quoted(plain)} *"
    match = [f"{{goods people}} : {phrase}" if people else f"goods : {phrase}"]
    if wanted.user_id is not None:
        match.append(f"owner : {_quoted(wanted.user_id)}")
    if wanted.statuses:
        match.append(f"state : ({' OR '.join(_quoted(s) for s in wanted.statuses)})")
    for row in tx.rows(
        "select rowid as place from order_search where order_search match :match "
        "and rowid >= :first and rowid < :before order by rowid desc limit :limit",
        {
            "match": " AND ".join(match), "first": wanted.first, "before": wanted.before,
            "limit": wanted.limit,
        },
    ):  # fmt: skip
        yield row["place"]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _count(tx: Tx, wanted: _Wanted, before: int) -> int:
    # Without days the whole index counts, and SQLite counts that by its pages.
    days = "place >= :first and place < :before" if (wanted.first, before) != (0, _END) else "1"
    total = 0
    for status in wanted.statuses or (None,):
        index, where = _index(wanted.user_id, status)
        total += tx.value(
            f"select count(*) from orders indexed by {index} where {where}{days}",
            {
                "user_id": wanted.user_id, "status": status, "first": wanted.first,
                "before": before,
            },
        )  # fmt: skip
    return total


def _place(stored_time: str) -> int:
    """The place of an order of this moment with serial 0."""
    moment = from_text(stored_time)
    return (int(moment.timestamp()) * 100 + moment.microsecond // 10_000) << 24


def _encode(place: int) -> str:
    return base64.urlsafe_b64encode(place.to_bytes(8, "big")).decode().rstrip("=")


def _decode(cursor: str) -> int:
    try:
        raw = base64.b64decode(cursor + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    place = int.from_bytes(raw, "big")
    if len(raw) != 8 or place > _END:
        raise BadInput(
            "목록에서 이어 볼 자리를 찾을 수 없어요. 첫 페이지부터 다시 불러 주세요.",
            code="bad_cursor",
        )
    return place
