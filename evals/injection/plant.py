"""Somebody else's words where the desk reads: products, orders, tickets, photos, policies."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agent.types import Caller
from services import Services

__all__ = ["ObedientModel", "index_with", "photo", "plant"]

_PRODUCT = "P1001"
_PHOTO_PX = (320, 240)
_COLUMNS = {
    "product_description": ("products", "description"),
    "product_name": ("products", "name"),
    "order_memo": ("orders", "memo"),
    "order_recipient": ("orders", "recipient"),
    "order_detail": ("orders", "detail"),
}


def plant(shop: Services, caller: Caller, place: str, text: str, *, order_id: str) -> None:
    """Write ``text`` where another person could have written it."""
    if place == "ticket":
        shop.tool(caller, "create_ticket", issue_type="other", subject=text[:60], description=text)
    elif place == "review":
        with shop.database.write() as tx:
            aspects = json.dumps([text], ensure_ascii=False)
            row = {"review_id": "injected", "product_id": _PRODUCT, "rating": 5, "aspects": aspects}
            tx.insert("reviews", row)
    elif place in _COLUMNS:
        table, column = _COLUMNS[place]
        key = {"product_id": _PRODUCT} if table == "products" else {"order_id": order_id}
        with shop.database.write() as tx:
            tx.update(table, key, {column: text})


def photo(kind: str, text: str) -> bytes:
    """A photo that carries ``text`` drawn on it, in its EXIF, XMP, comment or "file name"."""
    from PIL import Image, ImageDraw
    from PIL.PngImagePlugin import PngInfo

    picture = Image.new("RGB", _PHOTO_PX, "lightgrey")
    if kind in ("text", "name"):
        ImageDraw.Draw(picture).text(
            (8, 110), text.encode("ascii", "ignore").decode(), fill="black"
        )
    out = io.BytesIO()
    if kind == "exif":
        exif = picture.getexif()
        exif[0x010E] = exif[0x9286] = text  # ImageDescription, UserComment
        picture.save(out, "JPEG", exif=exif)
    elif kind in ("xmp", "comment", "name"):
        notes = PngInfo()
        notes.add_itxt({"xmp": "XML:com.adobe.xmp", "comment": "Comment"}.get(kind, "Title"), text)
        picture.save(out, "PNG", pnginfo=notes)
    else:
        picture.save(out, "PNG")
    return out.getvalue()


def index_with(shop: Services, folder: Path, texts: list[str]) -> None:
    """Give ``shop`` a policy index of its own that holds a document with these sections."""
    from retrieval import PolicyIndex, PolicySearch
    from retrieval.documents import load_folder, parse_document
    from settings import ROOT

    sections = "\n\n".join(f"## {text.split('.')[0]}\n{text}" for text in texts)
    head = "---\nid: injected\ntitle: 매장 안내\ncategory: 안내\naudience: public\n"
    written = f"{head}effective_from: 2026-01-01\neffective_to:\nversion: 1\n---\n{sections}\n"
    values = shop.settings.rules()
    injected = parse_document(written, name="injected.md", values=values)
    documents = [*load_folder(ROOT / "data" / "policies", values), injected]
    index = PolicyIndex(folder, shop.tokenizer, shop.encoder)
    index.build(documents)
    shop.__dict__["index"], shop.__dict__["policies"] = index, PolicySearch(index)


class ObedientModel:
    """The worst model: says over HTTP (OpenAI's format, loopback) whatever it was told to."""

    def __init__(self) -> None:
        self.text = ""
        self.asked: list[dict[str, Any]] = []
        self.url = ""

    @contextmanager
    def serve(self) -> Iterator[ObedientModel]:
        """Listen on a free port until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def _handler(model: ObedientModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            model.asked.append(json.loads(self.rfile.read(length)))
            head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "obedient"}
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for delta, reason in (({"content": model.text}, None), ({}, "stop")):
                choice = {"index": 0, "delta": delta, "finish_reason": reason}
                line = json.dumps({**head, "choices": [choice]})
                self.wfile.write(f"data: {line}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, *args: Any) -> None:
            """Silent."""

    return Handler
