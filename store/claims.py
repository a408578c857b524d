"""Claims: cancellations, returns and exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from store.database import Row, Tx, dump
from store.models import Claim, ClaimLine, to_text

__all__ = ["add", "change", "find", "get", "next_id", "of_order", "titles"]


def next_id(tx: Tx, day: str) -> str:
    """The next free number of ``day`` (YYYYMMDD): ``C20261103-0001``."""
    last = tx.value(
        "select claim_id from claims where claim_id >= ? and claim_id < ? "
        "order by length(claim_id) desc, claim_id desc limit 1",  # as numbers: 10000 follows 9999
        (f"C{day}-", f"C{day}."),
    )
    serial = int(last.rsplit("-", 1)[1]) + 1 if last else 1
    return f"C{day}-{serial:04d}"


def get(tx: Tx, claim_id: str, *, user_id: str | None) -> Claim | None:
    """One claim; None when there is none or it is not ``user_id``'s (None: any owner)."""
    found = _claims(tx, "claim_id = ?", [claim_id])
    if not found or (user_id is not None and found[0].user_id != user_id):
        return None
    return found[0]


def of_order(tx: Tx, order_id: str) -> list[Claim]:
    """An order's claims, oldest first."""
    return _claims(tx, "order_id = ?", [order_id], limit=-1)  # a quote counts all of them


def find(
    tx: Tx,
    *,
    user_id: str | None,
    statuses: Sequence[str] = (),
    after: tuple[str, str] | None = None,
    limit: int = 20,
) -> list[Claim]:
    """Claims, newest first; those behind ``after`` (created_at, claim_id) where it is given."""
    where, values = "1", list[Any]()
    if user_id is not None:
        where, values = "user_id = ?", [user_id]
    if statuses:
        where += f" and status in ({', '.join('?' for _ in statuses)})"
        values += statuses
    if after is not None:
        where += " and (created_at, claim_id) < (?, ?)"
        values += after
    return _claims(tx, where, values, tail="order by created_at desc, claim_id desc", limit=limit)


def titles(tx: Tx, claim_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """For each claim its customer's name and the name of its first product."""
    marks = ", ".join("?" for _ in claim_ids)
    rows = tx.rows(
        "select c.claim_id, u.name, (select l.product_name from claim_lines cl "
        "join order_lines l using (line_id) where cl.claim_id = c.claim_id "
        "order by l.position limit 1) as product "
        f"from claims c join users u using (user_id) where c.claim_id in ({marks})",
        claim_ids,
    )
    return {row["claim_id"]: (row["name"], row["product"] or "") for row in rows}


def add(tx: Tx, claim: Claim) -> None:
    """Write a new claim with its lines."""
    tx.insert(
        "claims",
        {
            "claim_id": claim.claim_id,
            "order_id": claim.order_id,
            "user_id": claim.user_id,
            "kind": claim.kind,
            "reason_code": claim.reason_code,
            "reason_text": claim.reason_text,
            "fault": claim.fault,
            "status": claim.status,
            "photos": dump(list(claim.photos)),
            "quote": dump(claim.quote),
            "refund_krw": claim.refund_krw,
            "note": claim.note,
            "created_at": claim.created_at,
            "updated_at": claim.updated_at,
            "version": claim.version,
            "method_id": claim.method_id,
            "noticed_on": claim.noticed_on,
            "collected_at": claim.collected_at,
            "completed_at": claim.completed_at,
        },
    )
    for line in claim.lines:
        tx.insert(
            "claim_lines",
            {
                "claim_id": claim.claim_id,
                "line_id": line.line_id,
                "quantity": line.quantity,
                "new_sku": line.new_sku,
            },
        )


def change(tx: Tx, claim: Claim, changes: dict[str, Any], *, at: Any) -> int:
    """Write ``changes`` and the next version. Returns 0 when ``claim`` is stale."""
    return tx.update(
        "claims",
        {"claim_id": claim.claim_id, "version": claim.version},
        {**changes, "version": claim.version + 1, "updated_at": to_text(at)},
    )


def _claims(
    tx: Tx,
    where: str,
    values: list[Any],
    *,
    tail: str = "order by created_at, claim_id",
    limit: int = 200,
) -> list[Claim]:
    rows: list[Row] = tx.rows(
        f"select * from claims where {where} {tail} limit ?", [*values, limit]
    )
    if not rows:
        return []
    ids = [row["claim_id"] for row in rows]
    marks = ", ".join("?" for _ in ids)
    lines: dict[str, list[ClaimLine]] = {claim_id: [] for claim_id in ids}
    for line in tx.rows(
        f"select * from claim_lines where claim_id in ({marks}) order by line_id", ids
    ):
        lines[line["claim_id"]].append(
            ClaimLine(line["line_id"], line["quantity"], line["new_sku"])
        )
    return [Claim.of(row, tuple(lines[row["claim_id"]])) for row in rows]
