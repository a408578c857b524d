"""The desk without a mouse: a row under j and k, opened, assigned and answered by one key.

Streamlit's own ``shortcut=`` cannot do it: it knows no "r", moves no focus, and reads the
character of a key, which under a Hangul keyboard is "ㅓ" where "j" is printed. This listens to
the key itself, and only presses what is on the page anyway. The script is constant: nothing
that anybody wrote is ever part of it.
"""

from __future__ import annotations

import streamlit as st

__all__ = ["KEYS", "listen", "table"]

# What a person reads of the keys, in the order of use.
KEYS = (
    ("j · k", "다음 · 이전 문의로"),
    ("Enter", "고른 문의 열기"),
    ("x", "고른 문의 선택"),
    ("a", "나에게 배정"),
    ("r", "답변 쓰기"),
    ("/", "검색"),
    ("Esc", "문의 닫기"),
)
_SCRIPT = """<script>
(() => {
  if (window.sangdamDeskKeys) return;
  window.sangdamDeskKeys = true;
  const OPEN = 'st-key-open-T';
  const TYPES = 'input:not([type=checkbox]), textarea, select, [contenteditable=true], ' +
    '[role=combobox], [role=listbox], [role=menu]';
  let last = '';
  const find = (selector) => document.querySelector(selector);
  // A row is there before its button: the first button of a page loads its component.
  const rows = () => [...document.querySelectorAll(
    `.st-key-desk-list [class*="${OPEN}"]:has(button)`)];
  const idOf = (row) => [...row.classList].find((c) => c.startsWith(OPEN)).slice(12);
  const current = () => {
    const focused = document.activeElement && document.activeElement.closest(
      '[class*="st-key-trow-T"]');
    const own = focused && focused.querySelector(`[class*="${OPEN}"]`);
    return own ? idOf(own) : last;
  };
  const go = (step) => {
    const all = rows();
    const at = all.findIndex((row) => idOf(row) === current());
    const to = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
    if (!to) return;
    last = idOf(to);
    to.querySelector('button').focus();
    to.parentElement.scrollIntoView({block: 'nearest'});
  };
  const press = (selector) => { const found = find(selector); if (found) found.click(); };
  const write = () => {
    const box = find('.st-key-desk-write textarea');
    if (box) { box.focus(); box.scrollIntoView({block: 'nearest'}); }
  };
  const deeds = {
    KeyJ: () => go(1),
    KeyK: () => go(-1),
    KeyX: () => current() && press(`.st-key-pick-${current()} input`),
    KeyA: () => current() && press(`.st-key-mine-${current()} button`),
    KeyR: write,
    Slash: () => { const box = find('.st-key-desk-q input'); if (box) box.focus(); },
    Escape: () => press('.st-key-desk-close button'),
  };
  document.addEventListener('focusin', (event) => {
    const row = event.target.closest && event.target.closest('[class*="st-key-trow-T"]');
    const own = row && row.querySelector(`[class*="${OPEN}"]`);
    if (own) last = idOf(own);
  });
  window.addEventListener('keydown', (event) => {
    if (!find('.st-key-desk-left') || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (find('[role=dialog], [data-testid=stPopoverBody]')) return;
    const target = event.target;
    if (target.closest && target.closest(TYPES)) {
      if (event.code === 'Escape') target.blur();
      return;
    }
    const deed = deeds[event.code];
    if (!deed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    deed();
  }, true);
})();
</script>"""


def listen() -> None:
    """Listen to the keys from now on; drawn again it changes nothing."""
    with st.container(key="desk-script"):
        st.html(_SCRIPT, unsafe_allow_javascript=True)


def table() -> None:
    """The keys and what they do."""
    for key, what in KEYS:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"`{key}`", width=72)
            st.markdown(f":small[{what}]", width="content")
