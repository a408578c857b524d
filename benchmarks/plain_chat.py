"""The baseline of ``bench_api``: the chat backend everybody writes first.

FastAPI and SQLite, one table of messages, an answer looked up by keywords. No accounts, no
orders, no guard, no meaning: what a request costs when hardly anything is done for it.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

ANSWERS = {
    "배송": "출고 뒤 1~3영업일 안에 도착해요.",
    "취소": "배송 준비 전이면 바로 취소할 수 있어요.",
    "반품": "받은 날부터 7일 안에 반품할 수 있어요.",
    "환불": "반품이 도착한 뒤 3영업일 안에 환불해 드려요.",
}
OTHER = "조금 더 자세히 말씀해 주세요."


class Said(BaseModel):
    """A message."""

    session_id: str
    message: str


def make(path: Path) -> FastAPI:
    """The application on a new database."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table messages (id integer primary key, session, role, content)")
    app = FastAPI()

    @app.post("/chat")
    def chat(said: Said) -> dict[str, str]:
        words = (answer for word, answer in ANSWERS.items() if word in said.message)
        answer = next(words, OTHER)
        with closing(sqlite3.connect(path, timeout=10)) as db, db:
            db.executemany(
                "insert into messages (session, role, content) values (?, ?, ?)",
                [(said.session_id, "user", said.message), (said.session_id, "bot", answer)],
            )
        return {"session_id": said.session_id, "answer": answer}

    return app


if __name__ == "__main__":
    uvicorn.run(make(Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]),
                log_level="warning")  # fmt: skip
