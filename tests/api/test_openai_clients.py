"""What Open WebUI and LibreChat really send, header by header and field by field."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api
from tests.api.openai_client import events, user

QUESTION = "반품 배송비는 누가 내요?"
ORDERS = "주문 취소하고 싶어요"
MINES = "20261119-0000394"
URL = "/v1/chat/completions"


def open_webui(api: Api, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """A chat of Open WebUI with ENABLE_FORWARD_USER_INFO_HEADERS."""
    headers = {
        **api.key("chat", "act_for_customers"), "Content-Type": "application/json",
        "X-OpenWebUI-User-Name": "%EA%B9%80%EB%AF%BC%EC%A7%80", "X-OpenWebUI-User-Id": "6f0c-1",
        "X-OpenWebUI-User-Email": "minji@example.com", "X-OpenWebUI-User-Role": "user",
        "X-OpenWebUI-Chat-Id": "b1", "X-OpenWebUI-Message-Id": "m1",
    }  # fmt: skip
    body = {
        "stream": True, "model": "orchestrator", "messages": messages, "params": {},
        "stream_options": {"include_usage": True}, "tool_servers": [], "session_id": "s1",
        "chat_id": "b1", "id": "m1", "files": [], "features": {"web_search": False,
        "image_generation": False, "code_interpreter": False, "memory": False}, "variables": {
        "{{USER_NAME}}": "김민지"}, "model_item": {"id": "orchestrator"}, "background_tasks": {
        "title_generation": True, "tags_generation": True, "follow_up_generation": True},
        "metadata": {"user_id": "6f0c-1", "chat_id": "b1", "features": {}}, "filter_ids": [],
    }  # fmt: skip
    got = api.client.post(URL, json=body, headers=headers)
    assert got.status_code == 200, got.text
    return {"text": "".join(
        piece["delta"].get("content", "")
        for chunk in events(got.text)[:-1] for piece in chunk["choices"]
    ), "chunks": events(got.text)}  # fmt: skip


def test_open_webui_chats_as_its_user(api: Api) -> None:
    history = [{"role": "system", "content": "User Context: 김민지"}, user(ORDERS)]
    first = open_webui(api, history)
    assert MINES in first["text"]
    assert first["chunks"][-2]["usage"]["total_tokens"] > 0
    history += [{"role": "assistant", "content": first["text"]}, user("1번이요")]
    second = open_webui(api, history)["text"]
    assert "진행하려면 '네'라고 답해 주세요." in second
    history += [{"role": "assistant", "content": second}, user("네")]
    assert "취소했어요" in open_webui(api, history)["text"]


def test_open_webui_with_documents_keeps_the_customers_words(api: Api) -> None:
    wrapped = (
        "### Task:\nRespond to the user query using the provided context, incorporating inline "
        "citations in the format [id].\n\n### Guidelines:\n- Be brief.\n\n<context>\n"
        f'<source id="1">{"아무 문서 " * 900}</source>\n</context>\n'
    )
    first = open_webui(api, [user(wrapped + ORDERS)])["text"]
    assert MINES in first
    older = open_webui(api, [user(f"{wrapped}\n<user_query>\n{QUESTION}\n</user_query>\n")])
    assert "고객이 냅니다" in older["text"]
    # The next request has the words alone in its history, and goes on all the same.
    history = [user(ORDERS), {"role": "assistant", "content": first}, user(wrapped + "1번이요")]
    assert "진행하려면" in open_webui(api, history)["text"]
    with api.shop.database.read() as tx:
        assert not tx.value("select count(*) from messages where content like '%<context>%'")


def librechat(api: Api, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A custom endpoint of LibreChat that tells the user's e-mail in a header."""
    headers = {
        **api.key("chat", "act_for_customers"), "Content-Type": "application/json",
        "User-Agent": "LibreChat/OpenAI/JS 6.1.0", "X-Stainless-Lang": "js",
        "X-OpenWebUI-User-Email": "minji@example.com",
    }  # fmt: skip
    body = {
        "model": "orchestrator", "user": "66b2c0ffee", "temperature": 1, "top_p": 1,
        "presence_penalty": 0, "frequency_penalty": 0, "stream": True, "messages": messages,
        "stream_options": {"include_usage": True}, **more,
    }  # fmt: skip
    got = api.client.post(URL, json=body, headers=headers)
    assert got.status_code == 200, got.text
    text = "".join(
        piece["delta"].get("content", "")
        for chunk in events(got.text)[:-1]
        for piece in chunk["choices"]
    )
    return {"text": text}


def test_librechat_chats_as_its_user(api: Api) -> None:
    parts = [{"type": "text", "text": ORDERS}]
    first = librechat(api, [{"role": "user", "content": parts}])["text"]
    assert MINES in first
    history = [user(ORDERS), {"role": "assistant", "content": [{"type": "text", "text": first}]}]
    assert "진행하려면" in librechat(api, [*history, user("1번이요")])["text"]


def test_nobody_of_ours_in_the_client_is_a_guest(api: Api) -> None:
    headers = {**api.key("chat", "act_for_customers"), "X-OpenWebUI-User-Email": "who@else.kr"}
    got = api.client.post(URL, json={"messages": [user(ORDERS)], "user": "user_001"},
                          headers=headers)  # fmt: skip
    assert MINES not in got.text
