"""Masking: every written form of a secret goes, nothing else changes."""

from __future__ import annotations

import re
from datetime import date

import pytest
from guardrail_sentences import HARMLESS
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails import mask_pii
from agent.guardrails.pii import has_resident_checksum, is_luhn, is_resident_number

RESIDENT, CARD, ACCOUNT = "[주민등록번호 가림]", "[카드번호 가림]", "[계좌번호 가림]"
PASSWORD, PHONE, EMAIL = "[비밀번호 가림]", "[전화번호 가림]", "[이메일 가림]"
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
HANGUL = str.maketrans("0123456789", "공일이삼사오육칠팔구")
FRAMES = ("{}", "제 번호는 {}입니다", "{} 이걸로 해 주세요", "확인({}) 부탁드려요")


def spellings(*groups: str) -> list[str]:
    dashed = "-".join(groups)
    return [
        dashed,
        " ".join(groups),
        ".".join(groups),
        "".join(groups),
        " - ".join(groups),
        dashed.translate(FULL_WIDTH),
        "".join(groups).translate(FULL_WIDTH),
        " ".join(groups).translate(HANGUL),
        " 다시 ".join(groups).translate(HANGUL),
        "\u200b".join(dashed),
    ]


def framed(forms: list[str]) -> list[str]:
    return [frame.format(form) for form in forms for frame in FRAMES]


@pytest.mark.parametrize(
    "text",
    framed([*spellings("900101", "1234567"), "90.01.01-1234567", "9 0 0 1 0 1 1 2 3 4 5 6 7"]),
)
def test_resident_numbers_are_masked(text: str) -> None:
    masked = mask_pii(text)
    assert RESIDENT in masked.text
    assert masked.found == ("resident",)
    assert not re.search(r"\d|[０-９]|[구육칠]", masked.text.replace(RESIDENT, ""))


CARDS = [
    *spellings("4111", "1111", "1111", "1111"),
    *spellings("9410", "0000", "0000", "0005"),
    "3782 822463 10005",
    "3782-822463-10005",
    "4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
]
NAMED_CARDS = ["카드번호 1234-5678-1234-5678", "카드 30569309025904", "카드번호는 4222222222222요"]


@pytest.mark.parametrize("text", [*framed(CARDS), *NAMED_CARDS])
def test_card_numbers_are_masked(text: str) -> None:
    masked = mask_pii(text)
    assert CARD in masked.text
    assert masked.found == ("card",)
    assert not re.search(r"\d|[０-９]", masked.text.replace(CARD, ""))


ACCOUNTS = """
신한 110-123-456789
신한은행 110123456789
계좌번호는 110123456789 입니다
계좌: 110 123 456789
국민은행 123456-78-901234 김민지
국민 123456-78-901234
우리은행 1002-123-456789
우리은행 1002 123 456789
우리 1002-123-456789
하나 123-456789-01234
하나은행은 12345678901234
123-456789-01-234 하나은행
110123456789 신한
카카오뱅크 3333-01-1234567
카뱅 3333011234567
토스뱅크 1000-1234-5678
토스 100012345678
농협 301-0123-4567-81
농협 ３０１－０１２３－４５６７－８１
새마을금고 9002-1234-5678-9
우체국 123456-01-234567
기업은행 123-456789-01-012
환불계좌 SC제일은행 123-20-456789
예금주 김민지 110-123-456789
환불은 제 계좌 일일공 일이삼 사오육칠팔구로 주세요
KB 123456-78-901234
bank account 110-123-456789
"""


@pytest.mark.parametrize("text", ACCOUNTS.strip().splitlines())
def test_accounts_are_masked(text: str) -> None:
    masked = mask_pii(text)
    assert ACCOUNT in masked.text
    assert masked.found == ("account",)
    assert not re.search(r"\d", masked.text)


PASSWORDS = """
비밀번호는 abc123! | abc123!
비번 hunter2 | hunter2
password: x | x
비밀번호:abc123 | abc123
비번은 1234예요 | 1234
비번 = qwerty | qwerty
비번 qwerty입니다 | qwerty
my password is hunter2 | hunter2
pw: p@ssw0rd | p@ssw0rd
PW abcd1234 | abcd1234
패스워드는 Sangdam2026이에요 | Sangdam2026
비밀번호를 abc123으로 바꿨는데 안 돼요 | abc123
비밀번호가 민지1234! 인데요 | 민지1234!
비번: 우리집강아지 | 우리집강아지
비밀 번호는 "abc123" 이에요 | abc123
abc123!이 제 비밀번호예요 | abc123!
카드 비밀번호 앞 두자리 12예요 | 12
비번은 지금 zaq12wsx 입니다 | zaq12wsx
아이디 minji 비번 hunter2 | hunter2
비밀번호 sangdam-demo-2026 맞나요 | sangdam-demo-2026
암호는 letmein1 | letmein1
비밀번호는 ａｂｃ１２３ | ａｂｃ１２３
passwd=hunter2 | hunter2
"""


@pytest.mark.parametrize("row", PASSWORDS.strip().splitlines())
def test_passwords_are_masked(row: str) -> None:
    text, secret = row.split(" | ")
    masked = mask_pii(text)
    assert masked.found == ("password",)
    assert PASSWORD in masked.text
    assert secret not in masked.text


PHONES = """
010-1234-5678
01012345678
010 1234 5678
010.1234.5678
０１０－１２３４－５６７８
공일공 일이삼사 오육칠팔
공일공일이삼사오육칠팔
공일공에 일이삼사에 오육칠팔
공일공 다시 일이삼사 다시 오육칠팔
010-일이삼사-오육칠팔
011-123-4567
+82 10-1234-5678
+821012345678
82-10-1234-5678
02-123-4567
031-1234-5678
(02)123-4567
0504-1234-5678
070-1234-5678
O1O-1234-5678
집전화 0212345678
"""


@pytest.mark.parametrize("number", PHONES.strip().splitlines())
def test_phones_are_masked_for_the_cloud_only(number: str) -> None:
    text = f"제 연락처는 {number} 예요"
    assert mask_pii(text).text == text
    masked = mask_pii(text, for_cloud=True)
    assert masked.found == ("phone",)
    assert not re.search(r"[\d０-９]", masked.text)


@pytest.mark.parametrize(
    "address",
    [
        "minji@example.com",
        "kim.minji+shop@mail.example.co.kr",
        "ｍｉｎｊｉ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "MINJI@EXAMPLE.COM",
        "minji @ example.com",
        "minji(at)example.com",
        "minji골뱅이example점com",
        "a_b-c@d-e.kr",
    ],
)
def test_emails_are_masked_for_the_cloud_only(address: str) -> None:
    text = f"메일은 {address}이에요"
    assert mask_pii(text).text == text
    assert mask_pii(text, for_cloud=True).text == f"메일은 {EMAIL}이에요"


WRONG_FRIENDS = """
20261103-0000042
20261103-0000042 20261104-0000043
주문번호 20260101-1234567 조회
20260101-1234567
202611030000042
계좌이체로 낸 20261103-0000042 확인해 주세요
운송장 123456789012
운송장번호는 1234-5678-9012 입니다
송장 12345678901234
송장번호: 6012-3456-7890
택배 송장 9001011234567
CJ대한통운 123456789012 어디쯤이에요
우체국 6012345678901
1234567890
123456789012
1234567890123
12345678901234
9876543210
123456789012 운송장이에요
등기번호 1234567890123
30,000원
3만원
1,234,567원
10000 20000 30000
2026-11-03
2026.11.03
2026년 11월 3일
2026-11-03 14:30
2026-11-03T14:30:00Z
11/3(화)
SKU-1234-5678
WH-1000XM5
P0001234
ABC-12345-67890
모델명 SM-S928N 256GB
가로 120 세로 200 높이 300
사이즈 260 270 280
CLM-000123
tkt_01j8zabcdefg
1588-1234
1644 5678
우편번호 06236
하나 주문했는데 2개 왔어요
우리 집 123-4번지
국민카드로 결제했어요
카드 승인번호 12345678
신한카드 무이자 12개월
농협 쌀 10kg 2포대
비밀번호를 잊었어요
비밀번호 찾기
비밀번호 재설정 메일이 안 와요
비밀번호 5회 오류
비밀번호는 8자 이상인가요?
비밀번호 변경
비밀번호가 틀렸대요
비밀번호: 재설정 문의
비번이 뭐였는지 모르겠어요
비번 reset 해 주세요
비밀번호 3번 틀렸어요
비밀번호 sms로 보내 주세요
password reset
password is wrong
forgot my password
비밀번호를 010-1234-5678로 보내 주세요
비밀번호 안내를 minji@example.com 으로요
암호화 되나요
100% 환불되나요
인증번호 123456
토스트기 1234567890
1 2 3 4 5
계좌로 입금했어요
현금영수증 010-1234-5678
"""


@pytest.mark.parametrize("text", WRONG_FRIENDS.strip().splitlines())
def test_wrong_friends_are_left_alone(text: str) -> None:
    assert mask_pii(text).text == text


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_sentences_are_left_alone_even_for_the_cloud(text: str) -> None:
    assert mask_pii(text, for_cloud=True).text == text


@settings(deadline=None, max_examples=50)
@given(st.dates(), st.integers(1, 9_999_999))
def test_order_numbers_are_never_masked(day: date, serial: int) -> None:
    order = f"2026{day:%m%d}-{serial:07d}"
    text = f"{order} 카드 계좌 비밀번호 문의 {order}"
    assert mask_pii(text, for_cloud=True).text == text


@settings(deadline=None, max_examples=50)
@given(st.from_regex(r"[1-9]\d{9,13}", fullmatch=True))
def test_tracking_numbers_beside_their_word_are_never_masked(number: str) -> None:
    for text in (f"운송장 {number} 조회", f"송장번호는 {number}", f"{number} 송장이에요"):
        assert mask_pii(text, for_cloud=True).text == text


@settings(deadline=None, max_examples=50)
@given(st.from_regex(r"[4569]\d{14}", fullmatch=True), st.sampled_from([" ", "-", ".", ""]))
def test_every_luhn_card_is_masked(head: str, separator: str) -> None:
    number = next(head + str(d) for d in range(10) if is_luhn(head + str(d)))
    text = separator.join(number[i : i + 4] for i in range(0, 16, 4))
    assert mask_pii(f"이걸로 {text} 결제").text == f"이걸로 {CARD} 결제"


@settings(deadline=None, max_examples=50)
@given(
    st.dates(date(1930, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999_999),
    st.booleans(),
    st.sampled_from(["-", " ", " - ", ".", ""]),
)
def test_every_resident_number_is_masked(
    born: date, rest: int, woman: bool, separator: str
) -> None:
    sex = (3 if born.year >= 2000 else 1) + woman
    text = f"{born:%y%m%d}{separator}{sex}{rest:06d}"
    assert mask_pii(f"본인확인 {text}").found == ("resident",)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200), st.booleans())
def test_any_text_is_masked_without_an_error(text: str, cloud: bool) -> None:
    masked = mask_pii(text, for_cloud=cloud)
    assert (masked.text == text) == (not masked.found)


SECRETS = [*ACCOUNTS.strip().splitlines(), *PHONES.strip().splitlines()]
SECRETS += [row.split(" | ")[0] for row in PASSWORDS.strip().splitlines()]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([*SECRETS, *HARMLESS]), max_size=6))
def test_masking_twice_changes_nothing(lines: list[str]) -> None:
    once = mask_pii("\n".join(lines), for_cloud=True).text
    assert mask_pii(once, for_cloud=True).text == once


def test_known_check_digits() -> None:
    assert is_luhn("4111111111111111")
    assert not is_luhn("4111111111111112")
    assert has_resident_checksum("9001011234568")
    assert not has_resident_checksum("9001011234567")
    assert is_resident_number("0002293234567")  # 2000 was a leap year
    assert not is_resident_number("0102293234567")
    assert not is_resident_number("9001010234567")


def test_several_kinds_at_once() -> None:
    text = "900101-1234567, 4111-1111-1111-1111, 비번 hunter2, 신한 110-123-456789, 010-1234-5678"
    masked = mask_pii(text, for_cloud=True)
    assert masked.text == f"{RESIDENT}, {CARD}, 비번 {PASSWORD}, 신한 {ACCOUNT}, {PHONE}"
    assert masked.found == ("resident", "card", "password", "account", "phone")


def test_nobody_is_born_in_the_future():
    digits = f"{date.today().year % 100 + 4:02d}03244828388"
    assert not is_resident_number(digits)
    assert is_resident_number(f"06{digits[2:]}")
    assert mask_pii(f"배송조회에 {digits}라고 떠요").found == ()
