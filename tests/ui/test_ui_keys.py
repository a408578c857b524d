"""The API keys' page: made, its secret shown once, listed, revoked; nothing for anybody else."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from agent.types import Caller
from errors import NotSignedIn
from services.keys import OPERATOR, PREFIX, SCOPES
from services.openai_chat import model_of
from tests.pages import press, shown

ADMIN = Caller("admin", "admin_001", "한관리")


def keys_page(open_page) -> AppTest:
    return open_page("keys", "admin@example.com")


def new_key(at: AppTest, name: str, *scopes: str, lasts: str = "90일") -> AppTest:
    press(at, "새 API 키")
    at.text_input(key="key-name").set_value(name)
    for scope in SCOPES:
        at.checkbox(key=f"key-scope-{scope}").set_value(scope in scopes)
    at.segmented_control(key="key-lasts").set_value(lasts)
    return press(at, "만들기")


def secrets_on(at: AppTest) -> list[str]:
    return [one.value for one in at.code if one.value.startswith(PREFIX)]


@pytest.mark.parametrize("email", ["minji@example.com", "staff@example.com"])
def test_only_admins_see_it(open_page, desk, email):
    desk.keys.create(ADMIN, "챗봇", ["chat"])
    at = open_page("keys", email)
    assert "볼 수 있는 권한이 없어요" in at.subheader[0].value
    assert "챗봇" not in shown(at)


def test_without_keys_it_says_what_they_are_and_how_to_use_one(open_page):
    at = keys_page(open_page)
    assert "쓰고 있는 API 키가 없어요" in shown(at)
    assert "/v1/chat/completions" in at.code[0].value
    assert "Authorization: Bearer" in at.code[0].value
    body = json.loads(at.code[0].value.partition("-d '")[2].removesuffix("'"))
    assert model_of(body["model"]) == "orchestrator"


def test_a_key_is_made_and_its_secret_shown_once(open_page, desk):
    at = new_key(keys_page(open_page), "쇼핑몰 챗봇", "chat", "act_for_customers")
    (secret,) = secrets_on(at)
    key = desk.keys.check(secret)
    assert (key.scopes, key.created_by) == (("chat", "act_for_customers"), "admin_001")
    assert "다시 볼 수 없어요" in shown(at)
    assert secret not in repr(at.session_state)
    press(at, "복사했어요")
    assert not secrets_on(at)
    assert "키를 만들었어요" in at.success[0].value
    text = shown(at)
    assert "**쇼핑몰 챗봇**  \n:gray[상담 · 고객 대신하기]" in text
    assert "한관리 · " in text
    assert "마지막 사용 11월 20일(금)" in text  # by the check above


@pytest.mark.parametrize(("lasts", "days"), [("30일", 30), ("1년", 365), ("만료 없음", None)])
def test_it_lasts_as_long_as_chosen(open_page, desk, clock, lasts, days):
    at = new_key(keys_page(open_page), "챗봇", "chat", lasts=lasts)
    (secret,) = secrets_on(at)
    clock.pass_(days=(days or 5000) - 1)
    assert desk.keys.check(secret)
    if days:
        clock.pass_(days=1)
        with pytest.raises(NotSignedIn):
            desk.keys.check(secret)


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("챗봇", ["chat"], "같은 이름"),
        ("다른 챗봇", [], "권한을 하나"),
        ("", ["chat"], "이름을 1자"),
    ],
)
def test_what_is_wrong_makes_nothing(open_page, desk, name, scopes, said):
    """That the dialog stays and says so is seen in a browser: AppTest has no fragments."""
    desk.keys.create(ADMIN, "챗봇", ["chat"])
    at = new_key(keys_page(open_page), name, *scopes)
    assert said in at.session_state["sangdam_dialog_problem"]
    assert not secrets_on(at)
    assert len(desk.keys.all(ADMIN)) == 1


def test_revoking_asks_first_and_keeps_the_key_among_the_ended(open_page, desk):
    key, secret = desk.keys.create(OPERATOR, "낡은 챗봇", ["passthrough"])
    desk.keys.check(secret)
    at = keys_page(open_page)
    assert "터미널 · " in shown(at)
    press(at, "폐기")
    assert "되돌릴 수 없어요" in shown(at)
    assert desk.keys.check(secret)
    press(at, "폐기하기")
    assert "API 키를 폐기했어요" in at.success[0].value
    with pytest.raises(NotSignedIn):
        desk.keys.check(secret)
    assert at.expander[-1].label == "만료되거나 폐기한 키 1개"
    assert f"revoke-{key.key_id}" not in [button.key for button in at.button]


def test_whoever_lost_the_session_makes_and_revokes_nothing(open_page, desk):
    key, _ = desk.keys.create(ADMIN, "챗봇", ["chat"])
    making, revoking = keys_page(open_page), keys_page(open_page)
    press(making, "새 API 키")
    making.text_input(key="key-name").set_value("몰래")
    press(revoking, "폐기")
    desk.accounts.sign_out_everywhere("admin_001")
    press(making, "만들기")
    press(revoking, "폐기하기")
    assert [desk.keys.status(one) for one in desk.keys.all(ADMIN)] == ["active"]
    assert "로그인이 필요해요" in making.subheader[0].value
    assert key.name not in shown(making)


def test_a_name_is_shown_as_it_was_typed(open_page, desk):
    desk.keys.create(ADMIN, "**굵게** :red[빨강] <b>", ["chat"])
    at = keys_page(open_page)
    assert ":red[" not in shown(at)
    assert "**굵게**" not in shown(at)


def test_many_ended_keys_are_cut(open_page, desk):
    for number in range(22):
        key, _ = desk.keys.create(ADMIN, f"챗봇 {number}", ["chat"])
        desk.keys.revoke(ADMIN, key.key_id)
    at = keys_page(open_page)
    assert at.expander[-1].label == "만료되거나 폐기한 키 22개"
    assert "더 오래된 키는 감사 기록에서" in shown(at)
    assert "챗봇 21" in shown(at)
    assert "챗봇 1**" not in shown(at)
