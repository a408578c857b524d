"""Screenshots of every page, desktop and phone: ``make screens`` writes docs/screens/*.png.

The console runs on a demonstration shop of its own in a temporary folder; a few turns and a
hand-off are played over HTTP first, so that no page is empty.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import (
    CACHE,
    CHROMIUM,
    FLAGS,
    START_S,
    Server,
    mint_cookie,
    start_server,
    wait_idle,
)
from vision.generate import draw, hurt, photograph
from vision.generate.shop import DESIGNS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "screens"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
PASSWORD = "sangdam-demo-2026"
CUSTOMER, STAFF, ADMIN = "minji@example.com", "staff@example.com", "admin@example.com"
COLOURS = 256  # of a picture: a quarter of the bytes, and nobody sees it
TALK = (
    "제 주문 어떻게 됐어요?",
    "반품 배송비는 누가 내요?",
    "선물 포장도 되나요?",
    "무선 이어폰 추천해 주세요",
    "환불은 언제 들어와요?",
)


@dataclass(frozen=True)
class Shot:
    """One picture: ``name``, who looks, the address, and what is done before it is taken."""

    name: str
    who: str | None
    path: str
    before: Callable[[Page], None] = lambda page: None


def shots(shop: dict[str, str]) -> Iterator[Shot]:
    """Every page; ``shop`` holds the ids of what was played before."""
    yield Shot("signin", None, "signin")
    yield Shot("chat", CUSTOMER, f"?c={shop['chat']}")
    yield Shot("chat-welcome", CUSTOMER, "")
    yield Shot("chat-person", CUSTOMER, f"?c={shop['with_person']}")
    yield Shot("chat-photo", CUSTOMER, f"?c={shop['with_photo']}")
    yield Shot("orders", CUSTOMER, "orders")
    yield Shot("order", CUSTOMER, f"orders?order={shop['order']}")
    yield Shot("tickets", CUSTOMER, "tickets")
    yield Shot("policies", CUSTOMER, "policies?q=반품 배송비는 누가 내요?")
    yield Shot("account", CUSTOMER, "account")
    yield Shot("desk", STAFF, f"desk?ticket={shop['ticket']}")
    yield Shot("desk-queue", STAFF, "desk?view=running")
    yield Shot("claims", STAFF, "claims")
    yield Shot("defects", STAFF, f"defects?reports={shop['report']}")
    yield Shot("defects-form", STAFF, "defects")
    yield Shot("defects-correct", STAFF,
               f"defects?view=history&report={shop['report']}&part=correct", _drawn)  # fmt: skip
    yield Shot("defects-photos", STAFF, "defects?view=photos")
    yield Shot("defects-model", STAFF, "defects?view=model")
    yield Shot("dashboard", STAFF, "dashboard")
    yield Shot("runs", STAFF, f"runs?turn={shop['turn']}")
    yield Shot("inspection", STAFF, "inspection?q=반품 배송비는 누가 내요?")
    yield Shot("quality", STAFF, "quality")
    yield Shot("audit", STAFF, "audit")
    yield Shot("keys", ADMIN, "keys")
    yield Shot("diagnostics", ADMIN, "diagnostics")


def _drawn(page: Page) -> None:
    """Plotly comes late."""
    page.locator(".nsewdrag").first.wait_for()


def main(arguments: list[str] | None = None) -> int:
    """Take the pictures that are named, or all; returns an exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screens", description=__doc__)
    parser.add_argument("names", nargs="*", help="of single pictures, e.g. desk dashboard")
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder to write to")
    given = parser.parse_args(arguments)
    if not Path(CHROMIUM).is_file():
        print(f"{CHROMIUM} is not installed: apt-get install chromium fonts-noto-cjk")
        return 1
    given.to.mkdir(parents=True, exist_ok=True)
    with running() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        warm(browser, server)
        for shot in shots(play(server)):
            if not given.names or shot.name in given.names:
                for size in SIZES:
                    take(browser, server, shot, size, given.to)
        browser.close()
    return 0


@contextmanager
def running() -> Iterator[Server]:
    """A console on a demonstration shop of its own."""
    folder = Path(tempfile.mkdtemp(prefix="sangdam-screens-"))
    try:
        for part in ("models", "policy_index", "product_index"):
            if (CACHE / part).is_dir():
                shutil.copytree(CACHE / part, folder / part)
        with start_server(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def warm(browser: Browser, server: Server) -> None:
    """Wait for the first start: seeding, indexing."""
    page = browser.new_page()
    page.goto(f"{server.url}/signin")
    expect(page.get_by_label("이메일").first).to_be_visible(timeout=START_S * 1000)
    page.close()


def play(server: Server) -> dict[str, str]:
    """What the pictures show: a chat, and one that a person has; the ids of both."""
    customer = sign_in(server, CUSTOMER)
    chat: dict[str, Any] = {}
    for text in TALK:
        body = {"message": text, "session_id": chat.get("session_id")}
        chat = ask(server, "POST", "/api/chat", body, customer)
    orders = ask(server, "GET", "/api/users/user_001/orders?limit=50", None, customer)["items"]
    paid = next(one for one in orders if one["status"] == "paid")
    cancel = {"message": f"{paid['order_id']} 주문 취소할래요"}
    offer = ask(server, "POST", "/api/chat", cancel, customer)
    person: dict[str, Any] = {}
    for text in (
        "이어폰 왼쪽에서 소리가 안 나요",
        "상담원 연결해 주세요",
        "오늘 안에 답 받고 싶어요",
    ):
        body = {"message": text, "session_id": person.get("session_id")}
        person = ask(server, "POST", "/api/chat", body, customer)
    turns = ask(
        server, "GET", f"/api/sessions/{chat['session_id']}/messages?limit=50", None, customer
    )["messages"]
    asked = next(one for one in turns if one["content"] == TALK[1])
    photo, report = play_photo(server, customer, orders)
    return {
        "with_photo": photo, "report": report,
        "chat": offer["session_id"], "with_person": person["session_id"],
        "order": orders[0]["order_id"], "ticket": person["ticket_id"],
        "turn": asked["turn_id"],
    }  # fmt: skip


def play_photo(server: Server, customer: str, orders: list[dict[str, Any]]) -> tuple[str, str]:
    """A photo of something broken, said in a chat; the chat's and the report's ids."""
    order = next(
        one for one in orders
        if one["status"] == "delivered" and len(one["lines"]) == 1
        and one["lines"][0]["claim_status"] is None
    )  # fmt: skip
    line = order["lines"][0]
    rng = np.random.default_rng(4)
    broken, _ = hurt(draw(DESIGNS.get(line["sku"], DESIGNS[line["product_id"]])), "hole", rng)
    photo, _ = photograph(broken, rng, hardness=0.3, side_px=960)
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "JPEG", quality=92)
    about = {"order_id": order["order_id"], "line_id": line["line_id"]}
    report = upload(server, "/api/vision/defect", out.getvalue(), about, sign_in(server, STAFF))
    image = upload(server, "/api/images", out.getvalue(), {}, customer)
    body = {
        "message": f"{order['order_id']} 주문 구멍이 나서 왔어요",
        "session_id": image["session_id"], "image_ids": [image["image_id"]],
    }  # fmt: skip
    chat = ask(server, "POST", "/api/chat", body, customer)
    return chat["session_id"], report["report_id"]


def upload(
    server: Server, path: str, photo: bytes, fields: dict[str, str], token: str
) -> dict[str, Any]:
    """A photo with some fields, as a form sends them; the answer."""
    mark = "sangdam-screens"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n")  # fmt: skip
    body = ("".join(parts) + head).encode() + photo + f"\r\n--{mark}--\r\n".encode()
    request = urllib.request.Request(
        server.url + path, method="POST", data=body,
        headers={
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Authorization": f"Bearer {token}",
        },
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def sign_in(server: Server, email: str) -> str:
    """An access token."""
    body = {"email": email, "password": PASSWORD}
    token: str = ask(server, "POST", "/api/auth/login", body, "")["access_token"]
    return token


def ask(server: Server, method: str, path: str, body: Any, token: str) -> dict[str, Any]:
    """A request of the API; its answer."""
    request = urllib.request.Request(
        server.url + path, method=method,
        data=None if body is None else json.dumps(
            {name: value for name, value in body.items() if value is not None}
        ).encode(),
        headers={"Content-Type": "application/json"}
        | ({"Authorization": f"Bearer {token}"} if token else {}),
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def take(browser: Browser, server: Server, shot: Shot, size: str, folder: Path) -> None:
    """One picture of the first screen."""
    width, height = SIZES[size]
    context = browser.new_context(
        locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": width, "height": height}
    )
    if shot.who is not None:
        context.add_cookies([mint_cookie(server, shot.who)])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{server.url}/{shot.path}")
    wait_idle(page)
    shot.before(page)
    page.wait_for_timeout(1500)  # charts draw after the script
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = folder / f"{shot.name}-{size}.png"
    picture.quantize(COLOURS).save(path, optimize=True)
    print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
