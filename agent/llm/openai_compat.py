"""One model behind an OpenAI-compatible server (OpenAI, OpenRouter, vLLM, Ollama's /v1).

Bounded in every way the SDK is not by default: no retries of its own, explicit timeouts, no
proxy or base URL from the environment, and a reply counts only with a terminal event. Any
failure means None, and the desk goes on with its own words.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

from agent.guardrails import CONTACTS, mask_pii
from agent.llm import Phrasing
from agent.types import TokenUsage
from errors import Unavailable

__all__ = ["Finished", "OpenAICompatible"]

log = logging.getLogger("sangdam.llm")
MAX_TOKENS = 600
_REASONS = ("stop", "length", "content_filter")  # no tools are offered: no call is passed on
NOT_NOW = "언어 모델이 지금 답하지 못해요. 잠시 뒤 다시 시도해 주세요."
CHECK_SETTINGS = (
    "언어 모델이 요청을 받지 않았어요. llm_base_url, llm_api_key, llm_model 설정을 확인해 주세요."
)
_KINDS = {
    "APITimeoutError": "timeout", "APIConnectionError": "unreachable",
    "AuthenticationError": "auth", "PermissionDeniedError": "auth", "NotFoundError": "not_found",
    "RateLimitError": "rate_limited", "BadRequestError": "bad_request",
    "InternalServerError": "overloaded",
    "JSONDecodeError": "malformed",
}  # fmt: skip


Failed = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a model's reply; ``usage`` is None where the server did not tell it."""

    reason: str
    usage: TokenUsage | None


class OpenAICompatible:
    """Words replies with chat.completions. Safe to share between threads."""

    provider = "openai_compat"

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        timeout_s: int,
        failed: Failed = lambda provider, kind: None,
    ) -> None:
        """``failed`` hears of every failure: this provider and its kind (llm.md)."""
        self.model = model
        self.last_error: str | None = None
        self.latency_ms: float | None = None
        self._failed = failed
        self._base_url, self._api_key, self._timeout_s = base_url, api_key, timeout_s
        self._lock = threading.Lock()
        self._client: Any = None

    def phrase(self, instruction: str, question: str, draft: str) -> Phrasing | None:
        """The model's wording of ``draft``; None when it did not answer whole and in time.

        What leaves the machine is masked, contacts as well, and the customer's words cannot
        close the tag they stand in. Contacts of the draft come back into its wording.
        """
        from openai import OpenAIError

        said = mask_pii(question, for_cloud=True).text.replace("<", "＜")
        masked = mask_pii(draft, for_cloud=True, reversible=CONTACTS)
        messages = [
            {"role": "system", "content": instruction},
            {"role": "user", "content": f"<message>{said}</message>\n<draft>{masked.text}</draft>"},
        ]
        started = perf_counter()
        try:
            answer = self._open().chat.completions.create(
                model=self.model, messages=messages, max_tokens=MAX_TOKENS
            )
            choice = answer.choices[0]
            text = (choice.message.content or "").strip()
        except (OpenAIError, AttributeError, IndexError, ValueError) as error:
            log.warning("model %r did not answer: %s", self.model, type(error).__name__)
            self._note(_KINDS.get(type(error).__name__, "malformed"))
            return None
        if choice.finish_reason != "stop" or not text:
            log.warning("model %r ended with %r", self.model, choice.finish_reason)
            self._note("truncated")
            return None
        self.last_error, self.latency_ms = None, round((perf_counter() - started) * 1000, 1)
        used = answer.usage
        usage = _usage(used) or TokenUsage()
        text = masked.vault.restore(text, CONTACTS)
        return Phrasing(text, self.provider, self.model, usage)

    def _note(self, kind: str) -> None:
        """Remember and tell a failure."""
        self.last_error = kind
        self._failed(self.provider, kind)

    def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stop: Sequence[str] = (),
        deadline_s: float = 60.0,
    ) -> Iterator[str | Finished]:
        """The model's reply to ``messages`` piece by piece, ``Finished`` last.

        Messages go out as they are: whoever calls has masked them. Raises Unavailable with
        code "model_" and the kind of failure, also after pieces: a reply without its terminal
        event, or one that takes longer than ``deadline_s`` seconds, was cut.
        """
        import httpx2
        from openai import OpenAIError

        wishes = {"max_tokens": max_tokens, "temperature": temperature, "stop": list(stop) or None}
        try:
            stream = self._open().chat.completions.create(
                model=self.model, messages=list(messages), stream=True,
                stream_options={"include_usage": True},
                **{name: value for name, value in wishes.items() if value is not None},
            )  # fmt: skip
            with stream:
                yield from _read(stream, monotonic() + deadline_s)
        except (OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
            kind = _KINDS.get(type(error).__name__, "overloaded")
            log.warning("model %r failed: %s", self.model, type(error).__name__)
            raise _failure(kind) from error
        except (AttributeError, TypeError, IndexError) as error:  # 200 with something else in it
            log.warning("model %r sent no completion: %s", self.model, type(error).__name__)
            raise _failure("malformed") from error

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                import httpx2
                from openai import OpenAI

                self._client = OpenAI(
                    base_url=self._base_url,
                    api_key=self._api_key or "none",
                    max_retries=0,
                    timeout=self._timeout_s,
                    http_client=httpx2.Client(trust_env=False, timeout=self._timeout_s),
                )
            return self._client


def _read(stream: Any, deadline: float) -> Iterator[str | Finished]:
    reason, usage = "", None
    for chunk in stream:
        if monotonic() > deadline:  # a slow drip never times out by itself
            raise _failure("timeout")
        if chunk.usage is not None:
            usage = _usage(chunk.usage)
        for choice in chunk.choices[:1]:
            if isinstance(choice.delta.content, str) and choice.delta.content:
                # Half a character (a lone surrogate) could not be sent on.
                yield choice.delta.content.encode("utf-8", "replace").decode()
            reason = choice.finish_reason or reason
    if not reason:
        raise _failure("truncated")
    yield Finished(reason if reason in _REASONS else "stop", usage)


def _usage(told: Any) -> TokenUsage | None:
    """What the server counted; None unless it is two counts. The sum is ours."""
    prompt = getattr(told, "prompt_tokens", None)
    completion = getattr(told, "completion_tokens", None)
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return TokenUsage(prompt, completion, prompt + completion)


def _failure(kind: str) -> Unavailable:
    ours = kind in ("auth", "not_found", "bad_request")
    return Unavailable(CHECK_SETTINGS if ours else NOT_NOW, code=f"model_{kind}")
