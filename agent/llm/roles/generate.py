"""What staff can have generated: a role's task, from a payload, as text or as JSON.

The payload is data wherever it came from: masked, wrapped in tags, and what a model makes of
it is held against it. Without a model, or with one that adds to the payload, the role's own
wording of the payload is the answer.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from agent.guardrails import CONTACTS, Masked, added_by_wording, mask_pii
from agent.llm.roles.guard import clean, each, facts_added, texts_of
from agent.llm.roles.json_schema import checked_schema, parser_of
from agent.llm.roles.payload import Payload, read_payload
from agent.llm.routing import LAST
from agent.llm.structured import ask_json, ask_text
from agent.llm.types import ChatMessage, Final, Purpose, Spend, Tag, Usage
from agent.llm.usage import added
from agent.prompts import Prompts, Role
from errors import BadInput, LLMError, NotFound, Unavailable

if TYPE_CHECKING:
    from agent.llm.gateway import Gateway

__all__ = ["Generated", "generate"]

log = logging.getLogger("sangdam.llm")
_AS_JSON = (
    "\n\n글 대신 아래 JSON Schema에 맞는 JSON 하나만 적는다. 설명과 코드 울타리는 쓰지 않는다.\n"
)
_NO_MODEL = (
    "언어 모델 없이는 이 schema에 맞는 JSON을 만들 수 없어요. 관리자에게 진단 화면에서 언어 모델을 "
    "연결해 달라고 하시거나, schema를 빼거나 mode를 text로 바꿔 주세요."
)


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer: ``output`` is text, or the JSON value of mode "json". Times are in ms.

    ``provider`` is "offline" where no model's words were used; ``usage`` is what was spent
    all the same. ``flags``: model_unavailable, ungrounded_model_reply, malformed_model_reply,
    cut_model_reply.
    """

    provider: str
    model: str
    output: Any
    usage: Usage
    latency_ms: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """One request, checked."""

    role: Role
    payload: Payload
    schema: dict[str, Any] | None

    def offline(self) -> Any:
        """The answer without a model; None where the schema asks for something else."""
        text = clean(self.role, self.payload.fill())
        if self.schema is None:
            return text
        told = self.role.offline_json
        value = {key: text if entry == "{text}" else entry for key, entry in told.items()}
        return value if self.fits(value) else None

    def fits(self, value: Any) -> bool:
        """Whether ``value`` is what the schema asks for."""
        if self.schema is None:
            return True
        try:
            parser_of(self.schema)(json.dumps(value, ensure_ascii=False))
        except ValueError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Answer:
    """A model's own answer (None: no usable JSON), what it took and what it was shown."""

    value: Any
    finals: tuple[Final, ...]
    masked: Masked


def generate(
    gateway: Gateway,
    prompts: Prompts,
    *,
    role: str,
    task: str,
    payload: Mapping[str, Any],
    mode: str = "text",
    schema: Mapping[str, Any] | None = None,
    spend: Spend | None = None,
    cancel: threading.Event | None = None,
) -> Generated:
    """Have ``role``/``task`` done with ``payload``.

    ``mode`` is "text" or "json"; ``schema`` (JSON Schema, "json" only) replaces the role's own.
    Raises NotFound naming the roles there are, BadInput naming what a payload or a schema may
    be, Unavailable where no model answered and the role's own words do not fit the schema,
    Cancelled.
    """
    started = perf_counter()
    job = _job(prompts, role, task, payload, mode, schema)
    failure: Unavailable | None = None
    output, flag, finals = None, "model_unavailable", tuple[Final, ...]()
    try:
        answer = _asked(gateway, job, spend, cancel)
    except Unavailable as error:
        failure = error
    else:
        finals = answer.finals
        output, flag = _held(job, answer)
    provider, model = LAST.provider, LAST.model
    if output is not None:
        provider, model = finals[-1].provider, finals[-1].model
    elif (output := job.offline()) is None:
        raise _unfit(failure) from failure
    latency_ms = round((perf_counter() - started) * 1000, 1)
    flags = (flag,) if flag else ()
    usage = added(final.usage for final in finals)
    return Generated(provider, model, output, usage, latency_ms, flags)


def _job(
    prompts: Prompts,
    role: str,
    task: str,
    payload: Mapping[str, Any],
    mode: str,
    schema: Mapping[str, Any] | None,
) -> _Job:
    try:
        found = prompts.role(role, task)
    except KeyError:
        known = ", ".join(row.name for row in prompts.roles)
        raise NotFound(f"그런 역할과 작업은 없어요. {known} 가운데에서 골라 주세요.") from None
    if mode not in ("text", "json"):
        raise BadInput("mode는 text나 json이어야 해요.")
    if schema is not None and mode == "text":
        raise BadInput("schema는 mode가 json일 때만 쓸 수 있어요.")
    wanted = None
    if mode == "json":
        wanted = checked_schema(found.schema if schema is None else schema)
    return _Job(found, read_payload(found, payload), wanted)


def _asked(
    gateway: Gateway, job: _Job, spend: Spend | None, cancel: threading.Event | None
) -> _Answer:
    """Ask a model. Raises as ``generate`` does."""
    masked = mask_pii(job.payload.tagged(), for_cloud=True, reversible=CONTACTS)
    system = job.role.instruction
    if job.schema is not None:
        system += _AS_JSON + json.dumps(job.schema, ensure_ascii=False)
    messages = [ChatMessage("system", system), ChatMessage("user", masked.text)]
    purpose = cast(Purpose, job.role.purpose)
    route = gateway.route(purpose=purpose)
    tag = Tag(purpose, job.role.version)
    if job.schema is None:
        text, final = ask_text(gateway, route, messages, tag=tag, spend=spend, cancel=cancel)
        return _Answer(text, (final,), masked)
    value, finals = ask_json(
        gateway, route, messages, parser_of(job.schema), schema=job.schema, tag=tag, spend=spend,
        cancel=cancel,
    )  # fmt: skip
    return _Answer(value, finals, masked)


def _held(job: _Job, answer: _Answer) -> tuple[Any, str]:
    """The answer as it may be shown, or None; and the flag that says why not."""
    if answer.value is None or answer.value == "":
        return None, "malformed_model_reply"
    if job.schema is None and answer.finals[-1].finish != "stop":
        return None, "cut_model_reply"
    value = each(answer.value, lambda text: clean(job.role, text))
    if value == "" or not job.fits(value):
        return None, "malformed_model_reply"
    problems = _added(job, value, answer.masked)
    value = each(value, lambda text: answer.masked.vault.restore(text, CONTACTS))
    problems += facts_added(job.payload, value, job.schema)
    if problems:
        # Kinds alone: the details are a model's words about a customer.
        kinds = sorted({problem.partition(":")[0] for problem in problems})
        log.warning("%s: the model added %s", job.role.name, ", ".join(kinds))
        return None, "ungrounded_model_reply"
    # A contact is longer than its mark: a schema's limit may be passed now.
    return (value, "") if job.fits(value) else (None, "malformed_model_reply")


def _added(job: _Job, value: Any, masked: Masked) -> tuple[str, ...]:
    """What the answer's words, contacts still masked, say beyond the payload's."""
    written = texts_of(value, job.schema)
    if not written.strip():
        return ()
    draft = f"{masked.text}\n{job.payload.fill()}"
    return added_by_wording(written, draft, instruction=job.role.instruction)


def _unfit(failure: Unavailable | None) -> Unavailable:
    """What is raised where there is no answer at all."""
    if failure is None:
        return LLMError("malformed", detail="no answer that fits the schema and the payload")
    if failure.code == "model_not_configured":
        return Unavailable(_NO_MODEL, code=failure.code)
    return failure
