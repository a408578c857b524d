"""Morphemes and search terms."""

from __future__ import annotations

import threading
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.tokenize import KoreanTokenizer, _load_kiwi, normalise


def test_morphemes_carry_offsets_into_the_text(tokenizer: KoreanTokenizer):
    text = "😀 환불은 언제 되나요?"
    found = {m.form: m for m in tokenizer.morphemes(text)}
    assert found["환불"].tag == "NNG"
    assert text[found["환불"].start : found["환불"].end] == "환불"
    assert found["환불"].id > 100


def test_terms_are_morphemes_and_bigrams(tokenizer: KoreanTokenizer):
    terms = tokenizer.index_terms("취소했는데 돌려받아요")
    assert {"취소", "돌리", "받"} <= set(terms)  # what it means
    assert {"소했", "했는", "돌려", "려받"} <= set(terms)  # what it looks like
    assert terms.count("취소") == 2  # a noun and a bigram: measured to be better than once


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("SW-200 있나요", "sw-200"),
        ("sw-200은요?", "sw-200"),
        ("20261103-0000042 취소", "20261103-0000042"),
        ("５０,０００원 이상", "50000"),
        ("50,000원 이상", "50000"),
        ("help@shop.kr로", "help@shop.kr"),
    ],
)
def test_codes_and_numbers_stay_whole(tokenizer: KoreanTokenizer, text: str, term: str):
    assert term in tokenizer.index_terms(text)


def test_case_composition_and_width_do_not_matter(tokenizer: KoreanTokenizer):
    plain = tokenizer.index_terms("USB 충전기 환불")
    assert tokenizer.index_terms("usb 충전기 환불") == plain
    assert tokenizer.index_terms("ＵＳＢ　충전기 환불") == plain
    assert tokenizer.index_terms(unicodedata.normalize("NFD", "USB 충전기 환불")) == plain


def test_answers_cannot_be_changed_through_the_cache(tokenizer: KoreanTokenizer):
    tokenizer.index_terms("교환").clear()
    tokenizer.morphemes("교환").clear()
    assert tokenizer.index_terms("교환")
    assert tokenizer.morphemes("교환")


@pytest.mark.parametrize("text", ["", " \n\t", "\ud800", "\0", "ㅋㅋㅋ", "!!!", "가" * 4000])
def test_odd_text_is_no_error(tokenizer: KoreanTokenizer, text: str):
    assert all(term.split() == [term] for term in tokenizer.index_terms(text))


def test_threads_share_one_model():
    _load_kiwi.cache_clear()
    answers: list[list[str]] = []
    texts = [f"반품 배송비는 {number}원인가요" for number in range(8)]

    def work() -> None:
        answers.append([" ".join(KoreanTokenizer().index_terms(text)) for text in texts])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _load_kiwi.cache_info().misses == 1
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)


def test_versions_name_kiwi_and_its_model(tokenizer: KoreanTokenizer):
    kiwi, _, model = tokenizer.kiwi_version.partition("+")
    assert kiwi[0].isdigit()
    assert model[0].isdigit()
    assert tokenizer.kiwi_version in tokenizer.version


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_clean_terms(text: str):
    tokenizer = KoreanTokenizer()
    terms = tokenizer.index_terms(text)
    assert terms == tokenizer.index_terms(text)
    assert all(term and term.split() == [term] for term in terms)
    for morpheme in tokenizer.morphemes(text):
        assert 0 <= morpheme.start <= morpheme.end <= len(text)


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_for_ascii_and_hangul(text: str):
    kept = "".join(letter for letter in text if letter.isascii() or "가" <= letter <= "힣")
    assert normalise(normalise(kept)) == normalise(kept)
