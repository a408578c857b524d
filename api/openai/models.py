"""The shapes of ``/v1`` on the wire. Unknown fields are ignored, never refused (http.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.openai_chat import Said

__all__ = ["Completion", "CompletionRequest", "Model", "ModelList", "said"]

# A body of 12 MB can hold millions: reading them would hold up everybody for many seconds.
MOST_MESSAGES, MOST_PARTS = 2_000, 100
# More than any server takes is brought down to it: their refusal would look like our failure.
MOST_TOKENS, HOTTEST = 32_000, 2.0

# JSON may hold half a character (a lone surrogate), which neither a store nor a model can.
Text = Annotated[str, AfterValidator(lambda one: one.encode("utf-8", "replace").decode())]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ImageUrl(_Wire):
    """A picture as a data URL."""

    url: Text = Field(examples=["data:image/jpeg;base64,…"])


def _image(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class Part(_Wire):
    """A part of a message; kinds other than ``text`` and ``image_url`` are ignored."""

    type: str = Field("text", examples=["text"])
    text: Text | None = None
    image_url: Annotated[ImageUrl | None, BeforeValidator(_image)] = None


def _parts(value: Any) -> Any:
    """A message's content as parts, whichever way it was written."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if isinstance(value, list):
        return [{"type": "text", "text": one} if isinstance(one, str) else one for one in value]
    return value


class ChatMessage(_Wire):
    """One message of the history; ``content`` is text or a list of parts."""

    role: Text = Field(examples=["user"])
    content: Annotated[list[Part] | None, BeforeValidator(_parts)] = Field(
        None,
        max_length=MOST_PARTS,
        examples=["반품은 며칠 안에 되나요?"],
        json_schema_extra={
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/Part"},
                            {"type": "string"},
                        ]
                    },
                },
                {"type": "null"},
            ]
        },
    )


class StreamOptions(_Wire):
    """What a stream carries besides the reply."""

    include_usage: bool | None = None


class CompletionRequest(_Wire):
    """A request for a reply. What is not listed here is accepted and ignored."""

    model: Text | None = Field(None, examples=["orchestrator"])
    messages: list[ChatMessage] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Text | None = Field(None, description="고객의 이메일이나 ID(act_for_customers 키)")
    max_tokens: int | None = Field(None, description="passthrough만")
    max_completion_tokens: int | None = Field(None, description="passthrough만")
    temperature: float | None = Field(None, allow_inf_nan=False, description="passthrough만")
    stop: Annotated[
        list[Text] | None, BeforeValidator(lambda one: [one] if isinstance(one, str) else one)
    ] = None

    @property
    def wants_usage(self) -> bool:
        """Whether the stream ends with a chunk of usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def wishes(self) -> dict[str, Any]:
        """What the passthrough model is told besides the messages."""
        tokens = min(self.max_completion_tokens or self.max_tokens or 0, MOST_TOKENS)
        heat = self.temperature
        return {
            "max_tokens": tokens if tokens > 0 else None,  # some clients send -1 for any number
            "temperature": None if heat is None else min(max(heat, 0.0), HOTTEST),
            "stop": [one for one in self.stop or () if one],
        }


class Model(_Wire):
    """A model a client may choose."""

    id: str = Field(examples=["orchestrator"])
    object: str = "model"
    created: int
    owned_by: str = "sangdam"
    name: str = Field(examples=["상담"])


class ModelList(_Wire):
    """Every model."""

    object: str = "list"
    data: list[Model]


class Usage(_Wire):
    """Tokens, counted by the model or estimated (docs/openai.md)."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Answer(_Wire):
    """The reply's message; ``annotations`` are the policy clauses it rests on."""

    role: str = "assistant"
    content: str
    refusal: str | None = None
    annotations: list[dict[str, Any]] = []


class Choice(_Wire):
    """The one reply there is."""

    index: int = 0
    message: Answer
    logprobs: None = None
    finish_reason: str = "stop"


class Completion(_Wire):
    """A whole reply."""

    id: str = Field(examples=["chatcmpl-…"])
    object: str = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


def said(messages: Sequence[ChatMessage]) -> list[Said]:
    """The messages as the desk reads them."""
    return [_said(one) for one in messages]


def _said(one: ChatMessage) -> Said:
    parts = one.content or []
    texts = [part.text for part in parts if part.type == "text" and part.text]
    urls = [part.image_url.url for part in parts if part.type == "image_url" and part.image_url]
    return Said(one.role, "\n".join(texts), tuple(urls))
