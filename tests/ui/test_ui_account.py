"""The account page: address and password change in their dialogs, payment methods are shown."""

from __future__ import annotations

import pytest

from store import accounts, payment_methods
from store.models import PaymentMethod
from tests.pages import press, shown


def test_the_dialog_opens_with_the_old_address_and_changes_it(open_page, shop, minji):
    at = open_page("account")
    assert "세종대로 110" in shown(at)
    press(at, "기본 배송지 변경")
    assert at.text_input(key="home-road").value == "서울특별시 중구 세종대로 110"
    at.text_input(key="home-road").set_value("서울 마포구 월드컵북로 21")
    at.text_input(key="home-detail").set_value("3층")
    at.text_input(key="home-zip").set_value("03925")
    press(at, "이 주소로 바꾸기")
    assert "기본 배송지를 바꿨어요" in shown(at)
    assert "(03925) 서울 마포구 월드컵북로 21 3층" in shown(at)
    address = shop.tool(minji, "get_customer").address
    assert (address.zip, address.road, address.detail) == (
        "03925", "서울 마포구 월드컵북로 21", "3층",
    )  # fmt: skip


def test_what_can_be_mended_stays_in_the_dialog(open_page, shop, minji):
    at = press(open_page("account"), "기본 배송지 변경")
    at.text_input(key="home-road").set_value("서울")
    press(at, "이 주소로 바꾸기")
    # A dialog is a fragment, drawn again by itself; AppTest runs the whole page instead.
    assert "도로명과 번호까지" in at.session_state["sangdam_dialog_problem"]
    assert "세종대로" in shop.tool(minji, "get_customer").address.road


def test_an_address_that_changed_meanwhile_is_said_and_kept(open_page, shop, minji):
    at = press(open_page("account"), "기본 배송지 변경")
    shop.tool(minji, "change_customer_address", road="부산 해운대구 센텀로 12")
    at.text_input(key="home-road").set_value("서울 마포구 월드컵북로 21")
    press(at, "이 주소로 바꾸기")
    assert "그사이 기본 배송지가 바뀌었어요" in shown(at)
    assert shop.tool(minji, "get_customer").address.road == "부산 해운대구 센텀로 12"


def test_payment_methods_are_shown_without_their_numbers(open_page, shop):
    with shop.database.write() as tx:
        for position, method in enumerate(
            (
                PaymentMethod("pm_t1", "user_001", "card", "우리카드", "6876"),
                PaymentMethod("pm_t2", "user_001", "gift_card", "기프트카드", "", 30000),
                PaymentMethod("pm_t3", "user_002", "card", "남의카드", "1111"),
            ),
            start=90,
        ):
            payment_methods.add(tx, method, position=position)
    text = shown(open_page("account"))
    assert "우리카드 (**** 6876)" in text
    assert "기프트카드, 잔액 30,000원" in text
    assert "남의카드" not in text


def test_staff_have_no_parcels_to_send_anywhere(open_page):
    assert "기본 배송지" not in shown(open_page("account", "staff@example.com"))


# ── another password ─────────────────────────────────────────────────────────────────────

KIM = "kim@example.kr"
OLD, NEW = "오래된 우리집 비밀번호", "완전히 새로운 비밀번호"
PROBLEM = "sangdam_dialog_problem"


@pytest.fixture
def kim(shop):
    with shop.database.write() as tx:
        return accounts.create(
            tx, email=KIM, name="김", role="customer", at=shop.clock(),
            password_hash=accounts.hash_password(OLD, cost=4),
        )  # fmt: skip


def change(at, current, new, again):
    press(at, "비밀번호 변경")
    for name, text in (("now", current), ("new", new), ("again", again)):
        at.text_input(key=f"password-{name}").set_value(text)
    return press(at, "비밀번호 바꾸기")


def test_another_password_keeps_this_tab_and_ends_the_others(open_page, shop, kim):
    _, elsewhere = shop.accounts.sign_in(KIM, OLD)
    at = change(open_page("account", KIM), OLD, NEW, NEW)
    assert "비밀번호를 바꿨어요" in shown(at)
    assert KIM in shown(at)
    assert shop.accounts.user_of_session(elsewhere) is None
    assert shop.accounts.sign_in(KIM, NEW)[0] == kim
    at.run()
    for name in ("now", "new", "again"):
        assert f"password-{name}" not in at.session_state


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("틀린비밀번호예요정말", NEW, NEW, "지금 비밀번호가 맞지 않아요"),
        (OLD, NEW, NEW + "요", "서로 달라요"),
        (OLD, "짧아요", "짧아요", "10자 이상"),
        (OLD, OLD, OLD, "지금과 다른 비밀번호"),
    ],
)
def test_a_password_that_can_be_mended_stays_in_the_dialog(
    current, new, again, said, open_page, shop, kim
):
    at = change(open_page("account", KIM), current, new, again)
    assert said in at.session_state[PROBLEM]
    assert shop.accounts.sign_in(KIM, OLD)


def test_a_demo_account_keeps_its_password(open_page, shop):
    at = change(open_page("account", "staff@example.com"), "sangdam-demo-2026", NEW, NEW)
    assert "데모 계정의 비밀번호는 바꿀 수 없어요" in shown(at)
    assert shop.accounts.sign_in("staff@example.com", "sangdam-demo-2026")
