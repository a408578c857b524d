"""What follows from a report: another photo, a person's look, a claim drafted for the customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from agent.shop import words
from agent.types import Caller
from errors import SangdamError
from services import PhotoReport, Services
from ui import claim_dialogs, states
from ui.claim_dialogs import Draft
from ui.defects import again
from ui.dialogs import forget_problem

__all__ = ["draw", "sentence"]

_OPEN = "sangdam_defects_draft"  # (report id, kind)
KINDS = ("return", "exchange")
MOST_TEXT = 400
WHICH = "어느 주문의 상품인지 정해 주세요"
_HEAD = {
    "damage": "신청 초안을 만들 수 있어요",
    "review": "담당자가 직접 봐 주세요",
    "retake": "사진을 다시 부탁해 주세요",
}


def draw(
    desk: Services, caller: Caller, found: PhotoReport, together: Sequence[PhotoReport]
) -> None:
    """The next step; ``together`` are the photos that would go along with a claim."""
    order = _order(desk, caller, found)
    with st.container(border=True, key=f"defects-next-{found.report_id}", gap="small"):
        unknown = order is None and found.report.verdict == "damage"
        st.markdown(f"**{WHICH if unknown else _HEAD[found.report.verdict]}**")
        if found.report.verdict == "retake":
            st.caption("고객에게 이렇게 보내 보세요.")
            st.code(sentence(found), language=None, wrap_lines=True)
        if _filed(order, found):
            return
        if order is None:
            st.caption("주문을 고르면 그 상품 사진과 견주고, 신청 초안을 만들 수 있어요.")
            again.button(found)
        else:
            _buttons(desk, found, order)
    if order is None:
        again.dialog(desk, caller, found)
        return
    _dialog(desk, caller, found, order, together)


def sentence(found: PhotoReport) -> str:
    """What to write to the customer whose photo could not be judged."""
    asked = found.report.reasons[-1] if found.report.reasons else "사진을 다시 찍어 주세요."
    return f"보내 주신 사진으로는 확인이 어려워요. {asked}"


def _order(desk: Services, caller: Caller, found: PhotoReport) -> Any:
    if not found.stored.order_id:
        return None
    try:
        return desk.tool(caller, "get_order", order_id=found.stored.order_id)
    except SangdamError:
        return None


def _filed(order: Any, found: PhotoReport) -> bool:
    """Whether a claim holds the photo already; it is named."""
    claims = [one for one in order.claims if found.image_id in one.photos] if order else []
    for claim in claims:
        kind = words.CLAIM_KIND[claim.kind]
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            states.badge("claim", claim.status, prefix=f"{kind} ")
            st.page_link(
                "claims.py", label=f"{kind} 신청 {claim.claim_id} 보기",
                icon=":material/assignment_return:",
                query_params={"status": "all", "claim": claim.claim_id},
            )  # fmt: skip
    return bool(claims)


def _buttons(desk: Services, found: PhotoReport, order: Any) -> None:
    allowed = [kind for kind in KINDS if kind in desk.allowed_actions(order)]
    if not allowed:
        st.caption("이 주문은 지금 반품이나 교환을 신청할 수 없어요. 주문 상태를 확인해 주세요.")
        return
    if found.report.recommendation is not None:
        reason = words.REASON.get(found.report.recommendation.reason_code, "")
        st.caption(f"사유 {reason} · 판매자 책임이라 배송비가 들지 않아요.")
    strong = found.report.verdict == "damage"
    with st.container(horizontal=True, gap="small"):
        for number, kind in enumerate(allowed):
            st.button(
                f"{words.CLAIM_KIND[kind]} 신청 초안 만들기",
                key=f"defects-draft-{kind}-{found.report_id}", on_click=_ask,
                type="primary" if strong and number == 0 else "secondary",
                args=(found.report_id, kind),
            )  # fmt: skip


def _ask(report_id: str, kind: str) -> None:
    st.session_state[_OPEN] = (report_id, kind)
    forget_problem()


def _dialog(
    desk: Services,
    caller: Caller,
    found: PhotoReport,
    order: Any,
    together: Sequence[PhotoReport],
) -> None:
    asked = st.session_state.get(_OPEN)
    if not asked or asked[0] != found.report_id:
        return
    st.session_state.pop(_OPEN)
    image_ids = [one.image_id for one in together if one.stored.order_id == order.order_id]
    draft = Draft(_reason(found), found.stored.line_id, tuple(dict.fromkeys(image_ids)),
                  _text(found))  # fmt: skip
    claim_dialogs.new_claim(desk, caller, order, asked[1], draft)


def _reason(found: PhotoReport) -> str:
    """The claim's reason: what the report gives ground for, else that the goods are faulty."""
    wanted = found.report.recommendation
    return wanted.reason_code if wanted is not None else "defect"


def _text(found: PhotoReport) -> str:
    said = " ".join(found.report.reasons)
    return f"사진 확인: {said}"[:MOST_TEXT] if said else ""
