"""The parts of a trace: understanding, tools, evidence, models, guards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from ui import clauses
from ui.format import plain, short
from ui.runs import words

__all__ = ["DRAW", "table"]

Trace = Mapping[str, Any]
_TOP = 5
_LINE = 160
_ROLES = {"system": "지시", "user": "보낸 글", "assistant": "모델", "tool": "도구 결과"}
_PURPOSE = {
    "understand": "말뜻 읽기", "compose": "답변 쓰기", "summarise": "요약", "inspect": "사진 보기",
}  # fmt: skip
_WHERE = {"model": "모델의 문장", "draft": "자체 답변"}


def _understanding(trace: Trace, cited: Collection[str]) -> None:
    """What was read out of the message, and what the chat remembered before it."""
    _input(trace.get("input", {}))
    found = trace.get("understanding", {})
    last = found.get("understood")
    if last is None:
        st.caption(_unread(trace))
    else:
        guess = found.get("guess", {})
        st.markdown(f"**{plain(words.intent(last['intent']))}**로 알아들었어요.")
        _guesses(guess)
        if found.get("model"):
            model = found["model"]
            st.caption(
                f"확신이 낮아 모델에도 물었어요: {plain(words.intent(model['intent']))} "
                f"({model['confidence']:.0%})"
            )
        if guess.get("intent") != last["intent"]:
            st.caption("앞선 대화를 보고 처음 읽은 의도를 바꿨어요.")
        if found.get("second"):
            st.caption(f"나중에 할 말로 남긴 것: {plain(found['second'])}")
        slots = {name: one for name, one in last.get("slots", {}).items() if one is not False}
        _titled("말에서 뽑은 값", slots)
    _titled("그때 대화가 기억하던 것", trace.get("before", {}).get("context", {}))


def _unread(trace: Trace) -> str:
    """Why nothing was read out of a message."""
    if trace.get("status") == "with_person":
        return "상담원이 맡은 대화라 말뜻을 읽지 않고 그대로 전했어요."
    if trace.get("status") in ("stopped", "error"):
        return "말뜻을 읽기 전에 멈췄어요."
    given = trace.get("input", {})
    if given.get("confirm"):
        return "단추가 뜻하는 일을 바로 했어요."
    if given.get("action") == "refuse":
        return "입력 검사에서 막혀 말뜻을 읽지 않았어요."
    return "상담원 연결이나 해결 여부에 대한 말이라 정해 둔 대로 처리했어요."


def _input(found: Mapping[str, Any]) -> None:
    flags = [words.flag(name) for name in found.get("flags", ())]
    if found.get("confirm"):
        st.caption(":material/touch_app: 글 대신 확인 단추를 눌렀어요.")
    if found.get("wish"):
        st.caption(f"가린 곳과 지시를 빼고 읽은 말: {plain(found['wish'])}")
    if flags:
        st.markdown(" ".join(f":gray-badge[:material/shield: {plain(one)}]" for one in flags))


def _guesses(guess: Mapping[str, Any]) -> None:
    """The classifier's likeliest intents as bars."""
    rows = [guess, *guess.get("alternatives", ())][:_TOP]
    st.dataframe(
        [{"의도": words.intent(row["intent"]), "확신": row["confidence"]} for row in rows if row],
        hide_index=True,
        column_config={
            "확신": st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
        },
    )


def _tools(trace: Trace, cited: Collection[str]) -> None:
    """Every tool with what it was given and what it returned."""
    runs: Sequence[Mapping[str, Any]] = trace.get("tools", ())
    if not runs:
        st.caption("도구를 쓰지 않은 답변이에요.")
    for run in runs:
        kind = ":orange-badge[바꿈]" if run["kind"] == "WRITE" else ":gray-badge[읽음]"
        failed = " :red-badge[거절]" if run.get("error") else ""
        label = (
            f"**{plain(words.tool(run['name']))}** {kind}{failed} :gray[{run['took_ms']:,.1f} ms]"
        )
        with st.expander(label, expanded=len(runs) <= 2):
            _titled("넣은 값", run.get("arguments", {}))
            if run.get("error"):
                st.markdown(f":red[{plain(run['error'].partition(': ')[2])}]")
            else:
                _result(run.get("result"))


def _result(result: Any) -> None:
    """What a tool returned: its own fields, and a table for each list in it."""
    if isinstance(result, Mapping):
        lists = {name: one for name, one in result.items() if _is_list(one)}
        _titled("결과", {name: one for name, one in result.items() if name not in lists})
        for name, rows in lists.items():
            _records(words.field(name), rows)
    elif _is_list(result):
        _records("결과", result)
    else:
        st.caption("결과: " + (plain(words.value(result)) if result else "없음"))


def _is_list(one: Any) -> bool:
    return isinstance(one, list) and any(isinstance(row, Mapping) for row in one)


def _records(title: str, found: Sequence[Any]) -> None:
    """A list's rows as a table; how many more there were is a text at its end."""
    rows = [row for row in found if isinstance(row, Mapping)]
    more = " ".join(str(one) for one in found if not isinstance(one, Mapping))
    st.caption(f"{plain(title)} · {len(rows)}개{f' {plain(more)}' if more else ''}")
    st.dataframe([_flat(row) for row in rows], hide_index=True)


def _evidence(trace: Trace, cited: Collection[str]) -> None:
    """Every policy search: what came, and whether it was sure enough to be an answer."""
    searches: Sequence[Mapping[str, Any]] = trace.get("evidence", ())
    if not searches:
        st.caption("정책을 찾지 않은 답변이에요.")
    for number, found in enumerate(searches):
        sure = ":green-badge[답으로 쓸 만함]" if found["confident"] else ":orange-badge[자신 없음]"
        st.markdown(f"**{plain(found['query'])}** {sure} :gray[확신 {found['confidence']:.0%}]")
        for at, clause in enumerate(found["clauses"]):
            _clause(clause, at, f"{number}-{at}", cited=clause["chunk_id"] in cited)


def _clause(clause: Mapping[str, Any], at: int, key: str, *, cited: bool) -> None:
    ranks = clause.get("ranks", {})
    stages = [("낱말", "keyword"), ("뜻", "vector"), ("합침", "fused"), ("다시 매김", "reranked")]
    placed = " · ".join(f"{name} {ranks[stage]}위" for name, stage in stages if stage in ranks)
    title = plain(f"{clause['title']} › {clause['section']}")
    used = " :green-badge[인용함]" if cited else ""
    with st.expander(f"{at + 1}. {title}{used} :gray[점수 {clause['score']:.2f}]"):
        st.caption(placed)
        st.text(clause["text"])
        st.button("지금 조항 보기", key=f"runs-clause-{key}", icon=":material/article:",
                  on_click=clauses.open_clause, args=(clause["chunk_id"],))  # fmt: skip


def _models(trace: Trace, cited: Collection[str]) -> None:
    """Every call of a model: what it was given, what it said, or why it said nothing."""
    reply = trace.get("reply", {})
    calls: Sequence[Mapping[str, Any]] = trace.get("models", ())
    if not calls:
        st.caption("언어 모델 없이 정해 둔 문장으로 답했어요.")
    for number, call in enumerate(calls):
        _call(call, number)
    if reply.get("draft") and calls:
        st.caption("모델에 준 자체 답변(초안)")
        st.text(reply["draft"])


def _call(call: Mapping[str, Any], number: int) -> None:
    purpose = _PURPOSE.get(call["purpose"], call["purpose"])
    failed = f" :red-badge[{plain(call['error'])}]" if call["error"] else ""
    st.markdown(
        f"**{plain(purpose)}** · {plain(call['provider'])} {plain(call['model'])}{failed}  \n"
        f":gray[프롬프트 {plain(call['prompt'] or '없음')} · 입력 {call['input_tokens']:,}토큰 · "
        f"출력 {call['output_tokens']:,}토큰 · {call['took_ms']:,.0f} ms]"
    )
    with st.expander("보낸 글 그대로"):
        for role, text in call["messages"]:
            st.caption(_ROLES.get(role, role))
            st.code(text, language=None, wrap_lines=True)
    if call["said"]:
        st.caption("모델이 한 말 그대로")
        st.code(call["said"], language=None, wrap_lines=True)
    for name, arguments in call["calls"]:
        st.caption(f"모델이 부른 도구: {plain(words.tool(name))} {plain(short(arguments, _LINE))}")


def _guards(trace: Trace, cited: Collection[str]) -> None:
    """What the guards noted, the sentence that failed, the draft beside what went out."""
    reply = trace.get("reply", {})
    flags = [*trace.get("input", {}).get("flags", ()), *reply.get("flags", ())]
    if flags:
        st.markdown(
            " ".join(f":gray-badge[{plain(words.flag(one))}]" for one in dict.fromkeys(flags))
        )
    found: Sequence[Mapping[str, Any]] = trace.get("guards", ())
    for one in found:
        with st.container(border=True):
            st.markdown(f":red[:material/block:] **{_WHERE.get(one['where'], '')}을 막았어요**")
            st.text(one["text"])
            st.caption(" · ".join(plain(words.problem(code)) for code in one["problems"]))
    if not flags and not found:
        st.caption("입력과 답변 검사에서 걸린 것이 없어요.")
    if error := trace.get("error"):
        st.error(f"오류로 끝났어요: {plain(error.get('code', ''))}")
    draft, final = reply.get("draft", ""), reply.get("final", "")
    if draft and final and draft != final:
        before, after = st.columns(2)
        with before:
            st.caption("처음 쓴 답변")
            st.text(draft)
        with after:
            st.caption("나간 답변")
            st.text(final)


def _titled(title: str, values: Mapping[str, Any]) -> None:
    if values:
        st.caption(title)
        table(values)


def table(values: Mapping[str, Any]) -> None:
    """Fields and values as a table of two columns, nested ones a line each."""
    st.table(
        [{"항목": f":gray[{plain(name)}]", "값": plain(text)} for name, text in _lines(values)],
        border="horizontal", hide_index=True, hide_header=True,
    )  # fmt: skip


def _lines(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, one in values.items():
        label = f"{before}{words.field(name)}"
        if isinstance(one, Mapping):
            found += _lines(one, f"{label} › ")
        elif isinstance(one, list) and any(isinstance(part, Mapping) for part in one):
            for number, part in enumerate(one, 1):
                text = words.value(part)
                found.append((f"{label} {number}", text))
        else:
            found.append((label, words.value(one, name)))
    return found


def _flat(row: Mapping[str, Any]) -> dict[str, str]:
    return {words.field(name): words.value(one, name) for name, one in row.items()}


DRAW: Mapping[str, Callable[[Trace, Collection[str]], None]] = {
    "이해": _understanding,
    "도구": _tools,
    "근거": _evidence,
    "모델": _models,
    "검사": _guards,
}
