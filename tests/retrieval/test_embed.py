"""The encoder made of Kiwi: exact recovery, meaning, and files that go missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval import CongEncoder, Encoder, KoreanTokenizer
from retrieval.embed import DIM


def test_morpheme_vectors_are_recovered_exactly(encoder: CongEncoder, tokenizer: KoreanTokenizer):
    basis = encoder.basis()
    ids = [125, 357, 693, 2295, 3059, 11195, 15000]
    vectors = np.array(tokenizer.similarity(ids, basis.anchors.tolist())) @ basis.transform
    told = np.array(tokenizer.similarity(ids, ids))
    assert np.abs(vectors @ vectors.T - told).max() < 2e-4
    assert basis.components @ basis.components.T == pytest.approx(np.eye(8), abs=1e-5)


def test_rows_have_length_one_or_nothing(encoder: CongEncoder):
    rows = encoder.encode(["환불은 언제 되나요", "", "😀😀", "12345", "쀍뛣"])
    assert rows.shape == (5, DIM)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0, 0, 0], abs=1e-5)
    assert encoder.encode([]).shape == (0, DIM)


def test_meaning_without_common_words(encoder: CongEncoder):
    question, near, far = encoder.encode(
        ["돈 돌려받고 싶어요", "환불 금액을 입금합니다", "비밀번호를 변경하는 화면"]
    )
    assert question @ near > question @ far + 0.1


def test_it_is_an_encoder(encoder: CongEncoder, tokenizer: KoreanTokenizer):
    assert isinstance(encoder, Encoder)
    assert tokenizer.kiwi_version in encoder.version


def test_the_basis_is_read_back(encoder: CongEncoder, tokenizer: KoreanTokenizer):
    before = encoder.encode(["반품 배송비"])
    assert encoder.cache_file.stat().st_size < 400_000
    stamp = encoder.cache_file.stat().st_mtime_ns
    again = CongEncoder(tokenizer, encoder.cache_file.parent)
    assert np.array_equal(again.encode(["반품 배송비"]), before)
    assert encoder.cache_file.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
def test_a_damaged_basis_is_built_anew(
    damage: bytes | None,
    tmp_path: Path,
    encoder: CongEncoder,
    tokenizer: KoreanTokenizer,
    monkeypatch: pytest.MonkeyPatch,
):
    basis = encoder.basis()
    monkeypatch.setattr("retrieval.embed.build_basis", lambda _: basis)  # 4 s each otherwise
    mine = CongEncoder(tokenizer, tmp_path)
    if damage is None:
        with mine.cache_file.open("wb") as file:
            np.savez(file, anchors=basis.anchors, transform=basis.transform[:5],
                     mean=basis.mean, components=basis.components)  # fmt: skip
    else:
        mine.cache_file.write_bytes(damage)
    assert np.array_equal(mine.encode(["교환"]), encoder.encode(["교환"]))
    assert mine.cache_file.stat().st_size > 200_000
    assert [path.name for path in tmp_path.iterdir()] == [mine.cache_file.name]


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path,
    encoder: CongEncoder,
    tokenizer: KoreanTokenizer,
    monkeypatch: pytest.MonkeyPatch,
):
    basis = encoder.basis()
    monkeypatch.setattr("retrieval.embed.build_basis", lambda _: basis)
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    assert CongEncoder(tokenizer, blocked / "cache").encode(["교환"]).any()
