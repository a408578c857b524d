"""One model behind an OpenAI-compatible server (OpenAI, OpenRouter, vLLM, Ollama's /v1).

Bounded in every way the SDK is not by default: no retries of its own, explicit timeouts, no
proxy or base URL from the environment, and a reply counts only with a terminal event. Any
failure means None, and the desk goes on with its own words.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from agent.guardrails import CONTACTS, mask_pii
from agent.llm import Phrasing
from agent.types import TokenUsage

__all__ = ["OpenAICompatible"]

log = logging.getLogger("sangdam.llm")
MAX_TOKENS = 600


class OpenAICompatible:
    """Words replies with chat.completions. Safe to share between threads."""

    provider = "openai_compat"

    def __init__(self, *, base_url: str, api_key: str, model: str, timeout_s: int) -> None:
        self.model = model
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
        try:
            answer = self._open().chat.completions.create(
                model=self.model, messages=messages, max_tokens=MAX_TOKENS
            )
            choice = answer.choices[0]
            text = (choice.message.content or "").strip()
        except (OpenAIError, AttributeError, IndexError, ValueError) as error:
            log.warning("model %r did not answer: %s", self.model, type(error).__name__)
            return None
        if choice.finish_reason != "stop" or not text:
            log.warning("model %r ended with %r", self.model, choice.finish_reason)
            return None
        used = answer.usage
        usage = (
            TokenUsage(used.prompt_tokens, used.completion_tokens, used.total_tokens)
            if used
            else TokenUsage()
        )
        text = masked.vault.restore(text, CONTACTS)
        return Phrasing(text, self.provider, self.model, usage)

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
