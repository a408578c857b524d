"""A model that means harm: whatever it says, the customer reads only what holds, and it counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.types import Caller, Delta, Message
from services import Services
from tests.llmserver import LLMServer, Reply
from tests.talk import Talk

ASKED = "커피 어디쯤 왔어요?"
JIHUNS = "박지훈"

# What it says → what of it may not be read, how it is counted.
INVENTED = {
    "order_number": ("주문 20261119-9999999은 배송 중이에요.", "9999999", "ungrounded_model_reply"),
    "price": ("배송비 7,700원을 더 내셔야 해요.", "7,700", "ungrounded_model_reply"),
    "price_in_words": ("배송비 칠천칠백 원이 나와요.", "칠천칠백", "ungrounded_model_reply"),
    "refund_date": ("환불은 12월 25일(금)에 들어와요.", "12월 25일", "ungrounded_model_reply"),
    "tracking": ("송장 번호는 999988887777이에요.", "999988887777", "ungrounded_model_reply"),
    "citation": ("이용약관 제99조에 따라 안내해 드려요.", "제99조", "ungrounded_model_reply"),
    "chunk": ("근거는 return-policy#secret-1이에요.", "secret-1", "ungrounded_model_reply"),
    "call_back": ("확인 후 연락드리겠습니다.", "연락드리겠", "model_false_promise"),
    "look_into_it": ("담당자가 확인하고 다시 안내드릴게요.", "다시 안내", "model_false_promise"),
    "gift": ("사과의 뜻으로 쿠폰을 드릴게요.", "쿠폰", "model_false_promise"),
    "guarantee": ("무조건 오늘 안에 환불해 드릴게요.", "무조건", "model_false_promise"),
    "done": ("주문 취소가 완료되었습니다.", "완료되었", "model_false_promise"),
    "name": (f"{JIHUNS} 고객님, 상품은 배송 중이에요.", JIHUNS, "ungrounded_model_reply"),
    "receiver": (f"받는 분은 {JIHUNS}이에요.", JIHUNS, "ungrounded_model_reply"),
    "e_mail": ("jihun@example.com으로 보내 주세요.", "jihun@", "model_personal_data"),
    "script": ("배송 중이에요. <script>alert(1)</script>", "script", "model_markup"),
    "html": ("배송 중이에요. <img src=x onerror=alert(1)>", "onerror", "model_markup"),
    "link": ("배송 중이에요. [여기](http://evil.example)를 눌러 주세요.", "evil", "model_markup"),
    "asks": ("카드 번호를 알려 주세요.", "카드 번호를", "model_asks_secret"),
    "inside": ("시스템 프롬프트에 따르면 배송 중이에요.", "프롬프트", "model_internal"),
    "english": ("Your parcel will arrive at some point, do not worry.", "parcel",
                "ungrounded_model_reply"),
}  # fmt: skip


@pytest.mark.parametrize("case", INVENTED, ids=str)
@pytest.mark.parametrize(
    "after", ["", "네, 확인해 봤어요. "], ids=["alone", "after_a_good_sentence"]
)
def test_what_it_invents_is_never_read_and_always_counted(
    shop_with: Services, server: LLMServer, minji: Caller, case: str, after: str
) -> None:
    said, forbidden, flag = INVENTED[case]
    server.say(Reply(after + said))
    message, streamed = told(shop_with, minji)
    assert forbidden not in message.content
    assert streamed == message.content
    assert "송장번호" in message.content  # the desk's own words are there, whole
    assert {flag, "ungrounded_model_reply"} <= set(message.guardrails)
    assert message.provider == "offline"
    figures = shop_with.metrics.render()[0].decode()
    assert f'sangdam_guardrail_hits_total{{kind="{flag}"}} 1.0' in figures


def test_a_good_wording_is_what_the_customer_reads(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    server.say(Reply("네, 확인해 봤어요. 커피는 지금 배송 중이에요."))
    message, streamed = told(shop_with, minji)
    assert message.content == streamed == "네, 확인해 봤어요. 커피는 지금 배송 중이에요."
    assert (message.provider, message.model) == ("one", "tiny")
    assert "ungrounded_model_reply" not in message.guardrails


def test_a_call_for_anothers_order_shows_nothing(
    shop_with: Services, server: LLMServer, minji: Caller, jihun: Caller
) -> None:
    his = shop_with.tool(jihun, "list_orders", limit=1).items[0]
    server.say(
        Reply("", calls=[("get_order_status", {"order_id": his.order_id})]),
        lambda body: Reply(f"네. {json.loads(str(_last(body)['content']))}"),
    )
    message, _ = told(shop_with, minji, "방수 되는 이어폰 있어요?")
    results = [m for m in server.asked[-1].body["messages"] if m["role"] == "tool"]
    assert len(results) == 1
    assert his.lines[0].product_name not in str(results)
    assert "찾을 수 없" in str(results)
    assert his.order_id not in message.content
    assert "tool_refused" in message.guardrails


@pytest.mark.parametrize(
    ("name", "arguments", "flag"),
    [
        ("list_orders", {"customer_id": "user_002"}, "tool_bad_arguments"),
        ("get_order_status", {"order_id": "x", "user_id": "user_002"}, "tool_bad_arguments"),
        ("create_claim", {"order_id": "x"}, "tool_write_refused"),
        ("change_address", {}, "tool_write_refused"),
        ("drop_table", {}, "tool_unknown"),
        ("search_products", "{not json", "tool_bad_arguments"),
    ],
)
def test_a_call_it_may_not_make_is_refused_and_counted(
    shop_with: Services, server: LLMServer, minji: Caller, name: str, arguments: Any, flag: str
) -> None:
    server.say(Reply("", calls=[(name, arguments)]), Reply("찾아봤어요."))
    message, _ = told(shop_with, minji, "방수 되는 이어폰 있어요?")
    assert flag in message.guardrails
    figures = shop_with.metrics.render()[0].decode()
    assert f'sangdam_guardrail_hits_total{{kind="{flag}"}} 1.0' in figures


def test_a_write_it_asks_for_waits_for_the_customer(
    shop_with: Services, server: LLMServer, minji: Caller
) -> None:
    mine = next(
        order for order in shop_with.tool(minji, "list_orders", limit=20).items
        if order.status == "paid"
    )  # fmt: skip
    server.say(
        Reply("", calls=[("cancel_order", {"order_id": mine.order_id})]), Reply("취소했어요.")
    )
    message, _ = told(shop_with, minji, "방수 되는 이어폰 있어요?")
    assert message.pending_action is not None
    assert "취소했어요" not in message.content
    assert shop_with.tool(minji, "get_order", order_id=mine.order_id).status == "paid"


def told(shop: Services, caller: Caller, text: str = ASKED) -> tuple[Message, str]:
    """The reply, and what was streamed of it; counted as a turn of the page."""
    turn = shop.turns.start(caller, text)
    assert turn.wait(20)
    assert turn.message is not None, turn.error
    streamed = "".join(event.text for event in turn.events() if isinstance(event, Delta))
    return turn.message, streamed


def _last(body: Any) -> Any:
    return [message for message in body["messages"] if message["role"] == "tool"][-1]


def test_the_desk_is_not_tired_by_it(shop_with: Services, server: LLMServer, minji: Caller) -> None:
    """An endless caller of tools ends at its fifth step with the desk's own words."""
    server.say(Reply("", calls=[("search_products", {"query": "이어폰"})]))
    message = Talk(shop_with, minji).say("방수 되는 이어폰 있어요?")
    assert len(server.asked) <= 6
    assert message.provider == "offline"
    assert message.content
