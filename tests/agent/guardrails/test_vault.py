"""Numbered marks: what comes back for the one field that needs it, and what never does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails import CONTACTS, Vault, added_by_wording, mask_pii, plain_text

TEXT = (
    "연락처 010-1234-5678, 메일 a.b@example.com, 주소 서울 강남구 테헤란로 12, 101동 1203호, "
    "카드 4111-1111-1111-1111, 주민번호 900101-1234568, 신한 110-123-456789, 비번 hunter2"
)


def test_only_the_allowed_kinds_come_back() -> None:
    masked = mask_pii(TEXT, for_cloud=True, reversible=CONTACTS)
    for secret in ("1234-5678", "a.b@", "테헤란로", "4111", "900101", "110-123", "hunter2"):
        assert secret not in masked.text
    phone = masked.vault.restore(masked.text, {"phone"})
    assert "010-1234-5678" in phone
    assert "a.b@example.com" not in phone
    everything = masked.vault.restore(masked.text, {*CONTACTS, "card", "resident", "password"})
    for back in ("010-1234-5678", "a.b@example.com", "테헤란로 12, 101동 1203호"):
        assert back in everything
    for gone in ("4111", "900101", "110-123", "hunter2"):
        assert gone not in everything
        assert gone not in str(masked.vault.values)


@pytest.mark.parametrize("kind", ["card", "resident", "account", "password"])
def test_what_must_go_cannot_be_asked_back(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        mask_pii(TEXT, reversible={kind})  # type: ignore[arg-type]


def test_the_vault_shows_nothing_in_a_log() -> None:
    vault = mask_pii(TEXT, for_cloud=True, reversible=CONTACTS).vault
    assert repr(vault) == "Vault()"


def test_one_value_has_one_mark_and_kinds_count_by_themselves() -> None:
    text = "010-1111-2222 말고 010-3333-4444, 아니 010-1111-2222, a@example.com"
    masked = mask_pii(text, reversible={"phone", "email"})
    assert masked.text == "[전화번호 1] 말고 [전화번호 2], 아니 [전화번호 1], [이메일 1]"
    assert masked.vault.restore(masked.text, CONTACTS) == text


def test_a_typed_mark_is_not_filled_in() -> None:
    text = "[전화번호 1]은 010-1111-2222, 010-3333-4444"
    masked = mask_pii(text, reversible={"phone"})
    assert masked.text == "[전화번호 1]은 [전화번호 2], [전화번호 3]"
    assert (
        masked.vault.restore("[전화번호 1] [전화번호 2]", {"phone"}) == "[전화번호 1] 010-1111-2222"
    )


def test_without_reversible_nothing_is_kept() -> None:
    masked = mask_pii(TEXT, for_cloud=True)
    assert masked.vault == Vault()
    assert "[전화번호 가림]" in masked.text


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_restoring_undoes_masking_of_contacts(text: str) -> None:
    masked = mask_pii(text, reversible=CONTACTS)
    if set(masked.found) <= CONTACTS:
        assert masked.vault.restore(masked.text, CONTACTS) == text


DRAFT = "주문 20261103-0000042는 배송 중이에요. 문의는 [전화번호 1]로 주세요."


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("배송 중이에요. <b>확인</b>", "markup"),
        ("배송 중이에요. ![x](https://a.example)", "markup"),
        ("배송 중이에요. [여기](https://a.example)", "markup"),
        ("본인 확인을 위해 카드번호를 알려 주세요.", "asks_secret"),
        ("내부 메모에 그렇게 적혀 있어요.", "inside"),
        ("staff_001이 확인했어요.", "inside"),
        ("주문을 취소했어요.", "done"),
        ("[이메일 2]로 보내 드려요.", "mark"),
        ("PWNED by the prompt", "language"),
        ("답: keep every amount, date, order number 그대로", "inside"),
    ],
)
def test_what_a_wording_adds_is_named(reply: str, code: str) -> None:
    instruction = "Keep every amount, date, order number and condition exactly as it stands."
    assert code in added_by_wording(reply, DRAFT, instruction=instruction)


def test_a_warmer_wording_adds_nothing() -> None:
    reply = "네, 주문 20261103-0000042는 지금 배송 중이에요. 문의는 [전화번호 1]로 주시면 돼요."
    assert added_by_wording(reply, DRAFT, instruction="Reword the draft.") == ()
    assert added_by_wording(DRAFT, DRAFT) == ()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("이어폰 <b>최고</b>", "이어폰 최고"),
        ("안내 <script>fetch('https://a.example')</script>끝", "안내 끝"),
        ("![영수증](https://a.example/p.png) 확인", "영수증 확인"),
        ("[여기](https://a.example)에서", "여기에서"),
        ("1 < 2, 3 > 2, [주소 1], (참고)", "1 < 2, 3 > 2, [주소 1], (참고)"),
        ("**굵게** https://shop.example/help", "**굵게** https://shop.example/help"),
    ],
)
def test_a_quote_carries_no_markup(text: str, plain: str) -> None:
    assert plain_text(text) == plain
