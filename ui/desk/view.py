"""The desk of the staff: the queue at the left, the open ticket beside it.

On a phone there is one column: an open ticket takes the place of the queue.
"""

from __future__ import annotations

import streamlit as st

from agent.types import Caller
from services import Services
from ui.desk import keys, queue, ticket

__all__ = ["draw"]

_CSS = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-desk-script) {
  position: absolute; height: 0; overflow: hidden; }
.st-key-desk-title { padding-top: .5rem; }
.st-key-desk-views { row-gap: .25rem; }
.st-key-desk-views button { min-height: 2rem; padding: .1rem .65rem; }
.st-key-desk-views button p { font-size: .8125rem; white-space: nowrap; }
[data-testid="stMainBlockContainer"] { padding-inline: 2rem; }
.st-key-desk-search { flex-wrap: nowrap; }
.st-key-desk-q { flex: 1 1 auto; min-width: 0; }
.st-key-desk-head { min-height: 2rem; }
.st-key-desk-head, .st-key-desk-bulk { flex-wrap: nowrap; min-width: 0; }
.st-key-desk-head button { min-height: 1.9rem; padding: .05rem .5rem; }
.st-key-desk-head button p { font-size: .8125rem; }
.st-key-desk-list {
  overflow-y: auto; max-height: calc(100vh - 14rem);
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
[class*="st-key-trow-T"] {
  position: relative; flex: none; flex-wrap: nowrap; padding: .38rem .5rem .38rem .25rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
[class*="st-key-trow-T"]:hover { background: color-mix(in srgb, currentColor 4%, transparent); }
[class*="st-key-trow-T"] [data-testid="stElementContainer"]:has([data-testid="stMarkdown"]) {
  flex: 1 1 auto; min-width: 0; }
[class*="st-key-trow-T"] [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
[class*="st-key-trow-T"] p {
  display: flex; align-items: baseline; gap: .45rem; margin: 0; white-space: nowrap;
  font-size: .75rem; line-height: 1.5; overflow: hidden; }
[class*="st-key-trow-T"] p > :is(strong, em) {
  overflow: hidden; text-overflow: ellipsis; min-width: 2rem; font-style: normal; }
[class*="st-key-trow-T"] p > strong { flex: 1 1 auto; font-size: .875rem; font-weight: 600; }
[class*="st-key-trow-T"] p > em { flex: 0 1 auto; opacity: .7; }
[class*="st-key-trow-T"] p > span { flex: none; }
[class*="st-key-trow-T"] p > span:last-child { margin-left: auto; }
[class*="st-key-trow-T"] p:nth-child(3) > span { margin-left: 0; }
[class*="st-key-trow-T"] .stMarkdownBadge { font-size: .75rem; }
[class*="st-key-pick-T"] { z-index: 2; }
[class*="st-key-trow-T"] > [class*="st-key-open-T"] {
  position: absolute; inset: 0; z-index: 1; width: 100%; max-width: none; }
[class*="st-key-open-T"] :is(div, button) { width: 100%; height: 100%; }
[class*="st-key-open-T"] button:focus-visible {
  outline: 2px solid #2f74e0; outline-offset: -2px; box-shadow: none; }
[class*="st-key-open-T"] button > * { opacity: 0; overflow: hidden; }
[class*="st-key-mine-T"] {
  position: absolute; right: .4rem; bottom: .25rem; z-index: 3; opacity: 0; }
[class*="st-key-mine-T"] button { min-height: 0; height: 1.3rem; padding: 0 .45rem; }
[class*="st-key-mine-T"] button p { font-size: .75rem; }
[class*="st-key-trow-T"]:is(:hover, :focus-within) [class*="st-key-mine-T"] { opacity: 1; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-inline: 1rem; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-desk-back):not(:has(button)),
  .st-key-desk-hint, .st-key-desk-shut, .st-key-desk-keys,
  :has(.st-key-desk-ticket) > [data-testid="stColumn"]:has(.st-key-desk-left),
  [data-testid="stMain"]:has(.st-key-desk-ticket) [data-testid="stLayoutWrapper"]:has(
    > :is(.st-key-desk-top, .st-key-desk-title)) {
    display: none; }
  .st-key-desk-views {
    flex-wrap: nowrap; overflow-x: auto; padding-bottom: .25rem; scrollbar-width: none; }
  .st-key-desk-views > * { flex: none; }
  .st-key-desk-list { max-height: none; }
  [class*="st-key-mine-T"] { display: none; }
}
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-desk-back) { display: none; }
  .st-key-desk-left { position: sticky; top: 3.5rem; }
}
</style>"""


def draw(desk: Services, caller: Caller) -> None:
    """The whole page; the ticket in the address is the open one."""
    st.html(_CSS)
    keys.listen()
    ticket_id = st.query_params.get("ticket")
    views = _top(is_open=ticket_id is not None)
    left, right = st.columns([5, 7], gap="medium")
    with left, st.container(key="desk-left", gap="xsmall"):
        queue.draw(desk, views)
    with right:
        if ticket_id is None:
            _hint()
        else:
            with st.container(key="desk-ticket"):
                ticket.draw(desk, caller, ticket_id)


def _top(*, is_open: bool) -> object:
    """The title's line; returns the place for the views below it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="desk-title"):
        st.markdown("#### 티켓 처리", anchors=False, width="content")
        st.caption(
            "고객의 문의를 골라 답하고 해결해요. 새 문의는 저절로 나타나요.", width="stretch"
        )
        with st.popover("단축키", icon=":material/keyboard:", key="desk-keys"):
            keys.table()
        if is_open:
            st.button("닫기", key="desk-shut", icon=":material/close:", on_click=_close)
    # The way back on a phone, where the ticket stands in place of the queue. The container is
    # always there, or what follows would be drawn anew and the queue lose its place.
    with st.container(key="desk-back"):
        if is_open:
            st.button("목록", key="desk-close", icon=":material/arrow_back:", on_click=_close)
    return st.container(key="desk-top")


def _hint() -> None:
    """What stands beside the queue while nothing is open."""
    with st.container(border=True, key="desk-hint", gap="xsmall"):
        st.markdown("**왼쪽에서 문의를 골라 주세요**")
        st.caption("급한 순서로 놓여 있어요. 시계는 상담 시간으로만 흘러요.")
        keys.table()


def _close() -> None:
    for name in ("ticket", "part"):
        st.query_params.pop(name, None)
