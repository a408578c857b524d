"""A web server and small real documents for the collector's tests."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from retrieval.collect import Limits

Answer = Callable[[BaseHTTPRequestHandler], None]
ARTICLE = "<html><head><title>가게</title></head><body><main>{}</main></body></html>"
RETURNS = ARTICLE.format("<h1>반품 안내</h1><h2>기간</h2><p>받은 날부터 7일 안에 신청합니다.</p>")

POLICY = [
    (22, "환불 규정"),
    (15, "환불 시기"),
    (10, "반품한 상품이 도착하면 3일 안에 환불합니다."),
    (15, "환불 방법"),
    (10, "결제한 수단으로 돌려드립니다."),
]


class Site:
    """Pages by path; ``seen`` are the requests as (path, headers), in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def put(
        self,
        path: str,
        body: str | bytes = RETURNS,
        content_type: str = "text/html; charset=utf-8",
        status: int = 200,
        **headers: str,
    ) -> str:
        """Serve ``body`` at ``path``; returns its address."""
        data = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Type", content_type)
            handler.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(data)

        self.pages[path] = answer
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        return self.put(path, "", status=302, location=to)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]


@contextmanager
def serve() -> Iterator[Site]:
    """A site on loopback; it has no robots.txt until a test puts one there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            page = site.pages.get(self.path.partition("?")[0])
            try:
                if page:
                    page(self)
                else:
                    self.send_error(404)
            except OSError:  # the reader has had enough
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(server.server_address[1])
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def quick(**changes: Any) -> Limits:
    """Limits for a site on loopback, without the wait between requests."""
    plain = {"delay_s": 0, "timeout_s": 10, "allow_private": frozenset({"127.0.0.1"})}
    return Limits(**{**plain, **changes})


def pdf(
    lines: list[tuple[int, str]],
    *,
    password: str = "",
    pages: int = 1,
    head: str = "",
    leading: float = 2.5,
) -> bytes:
    """A Korean PDF of (letter size, text) lines on its first page; ``head`` is on all."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfgen.canvas import Canvas

    registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    target = io.BytesIO()
    lock = StandardEncryption(password) if password else None
    canvas = Canvas(target, encrypt=lock)
    for number in range(1, pages + 1):
        y = 800.0
        own = [(10, f"{'가나다라'[number - 1]} 쪽에만 있는 글입니다.")] if pages > 1 else []
        for size, text in [(10, head), *(lines if number == 1 else own * 9), (10, f"- {number} -")]:
            canvas.setFont("HYSMyeongJo-Medium", size)
            canvas.drawString(60, y, text)
            y -= size * leading
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def drawing() -> bytes:
    """A PDF with a picture and no letters, as a scanner makes them."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.rect(100, 100, 300, 300, fill=1)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def docx(fill: Callable[[Any], None]) -> bytes:
    """A Word file as ``fill`` writes it."""
    from docx import Document

    document = Document()
    fill(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()
