"""The model of ``bench_llm``: an OpenAI-compatible stream of one reply, in a process of its own.

``python -m benchmarks.plain_model PORT FIRST_WORD_S`` says the same words to everybody.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

WORDS = (
    "네, ",
    "문의하신 ",
    "내용을 ",
    "확인해 ",
    "봤어요. ",
    "아래 ",
    "안내를 ",
    "읽어 ",
    "주세요.",
)


def make(first_word_s: float) -> FastAPI:
    """The application; its first word comes after ``first_word_s``."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        model = (await request.json())["model"]
        return StreamingResponse(_lines(model, first_word_s), media_type="text/event-stream")

    return app


async def _lines(model: str, first_word_s: float) -> AsyncIterator[str]:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": model}
    await asyncio.sleep(first_word_s)
    for word in WORDS:
        yield _line({**head, "choices": [{"index": 0, "delta": {"content": word}}]})
    yield _line({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}
    yield _line({**head, "choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


if __name__ == "__main__":
    app = make(float(sys.argv[2]))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
