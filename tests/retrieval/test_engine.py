"""The engine under the policy search: any entries, filters, both kinds of vector search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval import CongEncoder, KoreanTokenizer, PolicyIndex
from retrieval.arrays import ArrayWriter, open_array, ranges, spans
from retrieval.engine import Index
from retrieval.entries import Encoded, Entry, Filter, Group, Part, hash64, sql
from retrieval.find import Finder
from retrieval.index import parts_of
from retrieval.rerank import Candidate
from retrieval.snapshot import Snapshot
from retrieval.writer import write_generation

NAMES = (
    "스테인리스 텀블러 500ml", "유리 머그컵", "무선 이어폰 SW-200", "유선 이어폰", "캠핑 의자",
    "사무용 의자", "면 양말 3켤레", "등산 양말", "블루투스 스피커", "보조배터리 20000mAh",
)  # fmt: skip
ASKED = {"스테인리스 텀블러 500ml": ("물병 있나요", "보온병"), "유리 머그컵": ("찻잔",)}
FEW = 4  # rows a fragment


def products(count: int = len(NAMES)) -> list[Group]:
    return [
        Group(f"p{n}", f"v1-{name}", lambda n=n, name=name: [_product(n, name)])
        for n, name in enumerate(NAMES[:count])
    ]


def _product(number: int, name: str) -> Entry:
    return Entry(
        key=f"p{number}",
        parts=(Part(name),),
        payload=json.dumps({"name": name}, ensure_ascii=False),
        columns={"price_krw": 1000 * (number + 1), "category": "it"[number % 2] + "'s"},
        asked=ASKED.get(name, ()),
    )


def opened(index: Index | PolicyIndex) -> Snapshot:
    snapshot = index.snapshot()
    assert snapshot is not None
    return snapshot


@pytest.fixture(params=["compared with all", "asked of an index"])
def catalogue(request, tmp_path: Path, tokenizer: KoreanTokenizer, encoder: CongEncoder) -> Index:
    flat = 65_536 if request.param == "compared with all" else 0
    index = Index(tmp_path / "products", tokenizer, encoder, flat_vectors=flat)
    index.build(products())
    return index


def keys(index: Index, query: str, **options) -> list[str]:
    return [entry.key for entry in Finder(index).find(query, **options).entries]


def test_entries_come_back_with_their_payload(catalogue: Index):
    found = Finder(catalogue).find("sw-200")
    assert found.entries[0].key == "p2"
    assert json.loads(found.entries[0].payload) == {"name": "무선 이어폰 SW-200"}
    assert set(keys(catalogue, "이어폰", mode="keyword")) == {"p2", "p3"}
    assert keys(catalogue, "소리 듣는 무선 헤드셋", mode="vector")[0] in {"p2", "p3", "p8"}


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        ([Filter("price_krw", "<=", 3000)], {"p0", "p1", "p2"}),
        ([Filter("price_krw", ">", 3000), Filter("price_krw", "<", 5000)], {"p3"}),
        ([Filter("category", "=", "i's")], {"p0", "p2", "p4", "p6", "p8"}),
        ([Filter("category", "!=", "i's"), Filter("price_krw", ">=", 4000)],
         {"p3", "p5", "p7", "p9"}),
        ([Filter("category", "=", "no such")], set()),
    ],
)  # fmt: skip
def test_filters_hold_for_every_hit(catalogue: Index, mode, filters, allowed):
    found = Finder(catalogue).find("이어폰 의자 양말", mode=mode, top_k=50, filters=filters)
    seen = {entry.key for entry in found.entries}
    assert seen <= allowed
    assert bool(seen) == bool(allowed)
    if not allowed:
        assert (found.mode_used, found.notice) == ("none", "nothing_in_force")


def test_what_fails_a_filter_takes_no_place(catalogue: Index, encoder: CongEncoder):
    """One candidate asked for, and the best of all may not be seen: the next comes instead."""
    snapshot = opened(catalogue)
    weighed = snapshot.terms.weigh({"이어폰": 1.0, "유선": 1.0})
    dear = [Filter("price_krw", "<=", 3000)]
    assert snapshot.by_words(weighed, (), 1).tolist() == [3]
    assert snapshot.by_words(weighed, dear, 1).tolist() == [2]
    query = encoder.encode(["등산 양말"])[0]
    assert snapshot.by_vector(query, (), 1).tolist() == [7]
    assert snapshot.by_vector(query, [Filter("price_krw", "<=", 7000)], 1).tolist() == [6]


@pytest.mark.parametrize("most", [10, 4096])
def test_candidates_are_the_best_that_may_be_seen(
    tmp_path: Path, tokenizer, encoder, monkeypatch: pytest.MonkeyPatch, most: int
):
    """By the mask alone or by LanceDB's own filter (which ``most`` decides): the same best."""
    monkeypatch.setattr("retrieval.snapshot.MOST_ASKED_FOR", most)
    index = Index(tmp_path, tokenizer, encoder, flat_vectors=0)
    index.write(_made_up(400), {})
    snapshot, everyone = opened(index), np.arange(400)
    query = next(iter(_made_up(1))).vectors[0]
    weighed = snapshot.terms.weigh({"a1": 1.0, "a2": 1.0, "a7": 1.0})
    signals = snapshot.signals(weighed, query, everyone)
    for filters in ((), [Filter("kind", "=", "rare")], [Filter("number", "<", 350)],
                    [Filter("number", ">=", 390), Filter("kind", "!=", "rare")]):  # fmt: skip
        seen = snapshot.visible(filters)
        found = snapshot.by_words(weighed, filters, 5)
        assert seen[found].all()
        best = signals.keyword[seen].max()
        assert signals.keyword[found].max() == pytest.approx(best)
        near = snapshot.by_vector(query, filters, 60)
        assert seen[near].all()
        assert int(np.argmax(np.where(seen, signals.passage, -1))) in near
    assert 0 in snapshot.by_vector(query, (), 5)


def _made_up(count: int) -> Iterator[Encoded]:
    random = np.random.default_rng(3)
    for number in range(count):
        vector = random.standard_normal((1, 256)).astype(np.float32)
        yield Encoded(
            key=f"k{number}",
            group=number,
            payload="",
            columns={"number": number, "kind": "rare" if number % 40 == 7 else "usual"},
            tokens=" ".join(f"a{one}" for one in random.integers(0, 12, 8)),
            vectors=vector / np.linalg.norm(vector),
        )


def test_a_long_question_counts_whole(catalogue: Index):
    """Only some words of a long question look for candidates; all of them count in scores."""
    many = {f"없는말{n}": 1.0 for n in range(500)} | {"이어폰": 1.0}
    weighed = opened(catalogue).terms.weigh(many)
    assert weighed.words == ("이어폰",)
    assert opened(catalogue).by_words(weighed, (), 10).tolist() == [2, 3]
    short = opened(catalogue).terms.weigh({"이어폰": 1.0})
    assert weighed.information > 100 * short.information


def test_an_unknown_column_is_named(catalogue: Index):
    with pytest.raises(ValueError, match="'colour'"):
        Finder(catalogue).find("이어폰", filters=[Filter("colour", "=", "red")])


@pytest.mark.parametrize(
    "one",
    [Filter("price_krw", "<", "dear"), Filter("category", "=", 5), Filter("category", "<", "a")],
)
def test_a_filter_of_another_kind_is_refused(catalogue: Index, one: Filter):
    with pytest.raises(ValueError, match="cannot be compared"):
        opened(catalogue).visible([one])


def test_any_number_may_be_filtered_by(catalogue: Index, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("retrieval.snapshot.MOST_ASKED_FOR", 1)  # LanceDB filters
    everything = [Filter("price_krw", "<=", 10**30), Filter("price_krw", ">=", -(10**30))]
    assert "p2" in keys(catalogue, "이어폰", filters=everything)


@pytest.mark.parametrize("key", ["a\nb", "", "7\n", "\ud800\0'\"😀", "\n" * 3])
def test_a_key_may_hold_anything(tmp_path: Path, tokenizer, encoder, key: str):
    index = Index(tmp_path, tokenizer, encoder)
    for payload in ("여러\n줄", "\ud800"):
        entry = Entry(key, (Part("환불 안내"),), payload)
        index.build([Group(key, payload, lambda entry=entry: [entry]), *_plain("배송")])
        found = Finder(index).find("환불").entries[0]
        assert (found.key, found.payload) == (key, payload)
    assert opened(index).entry(key) is not None


def test_groups_that_can_be_gone_through_once_are_refused(catalogue: Index):
    """The second time they would be none, and the index empty."""
    with pytest.raises(TypeError, match="generator"):
        catalogue.build(group for group in products())
    assert opened(catalogue).entries == len(NAMES)


def test_conditions_are_quoted():
    filters = [Filter("category", "=", "o'clock"), Filter("price_krw", "<", 5)]
    assert sql(filters) == "category = 'o''clock' AND price_krw < 5"
    assert sql([]) == ""


def test_asked_wordings_find_their_entry(catalogue: Index, encoder: CongEncoder):
    snapshot = opened(catalogue)
    weighed = snapshot.terms.weigh({"찻잔": 1.0})
    assert snapshot.by_words(weighed, (), 10).tolist() == [1]
    query = encoder.encode(["찻잔"])[0]
    signals = snapshot.signals(weighed, query, np.array([0, 1, 2]))
    assert signals.keyword.tolist() == [0, 0, 0]
    assert signals.asked_keyword[1] > 0
    assert signals.asked_keyword[[0, 2]].tolist() == [0, 0]
    assert signals.asked[1] == pytest.approx(1, abs=1e-3)
    assert signals.asked[0] < 0.9
    assert np.isnan(signals.asked[2])
    assert np.array_equal(signals.sentence, signals.passage)  # one sentence each


def test_copies_are_what_they_were(catalogue: Index):
    """A build that changes one product copies the others; nothing about them may move."""
    before = opened(catalogue)
    groups = [replace(products()[0], content_hash="v2"), *products()[1:]]
    report = catalogue.build(groups)
    assert (report.changed, report.unchanged, report.entries) == (1, 9, 10)
    after = opened(catalogue)
    assert after.version != before.version
    for old in before.encoded(set(before.groups)):
        number = after.entry(old.key)
        assert number is not None
        (new,) = after.encoded({hash64(old.key)})
        assert replace(old, vectors=None, asked=()) == replace(new, vectors=None, asked=())
        assert np.allclose(old.vectors, new.vectors, atol=1e-3)
        assert [tokens for tokens, _ in old.asked] == [tokens for tokens, _ in new.asked]
    weighed = before.terms.weigh({"찻잔": 1.0, "의자": 1.0})
    assert after.terms.weigh({"찻잔": 1.0, "의자": 1.0}).information == weighed.information
    assert after.by_words(weighed, (), 10).size == before.by_words(weighed, (), 10).size == 3


def test_rows_are_told_apart_over_fragments(tmp_path: Path, tokenizer, encoder):
    """Rows of a million entries lie in many fragments; here in four of three or four."""
    index = Index(tmp_path, tokenizer, encoder)
    index.build(products())
    entries = list(opened(index).encoded(set(opened(index).groups)))
    folder = tmp_path / "gen-000009"
    write_generation(
        folder, iter(entries), {}, dim=encoder.dim, flat_vectors=0, fragment=FEW, batch=3
    )
    many = Snapshot(folder, opened(index).manifest)
    fragments = json.loads((folder / "meta.json").read_text())["fragments"]
    assert len(fragments["rows"]) > 1
    assert len(fragments["vectors"]) > 1
    for number, entry in enumerate(entries):
        words = dict.fromkeys(entry.tokens.split(), 1.0)
        assert number in many.by_words(many.terms.weigh(words), (), 3)
        assert number in many.by_vector(entry.vectors[0], (), 3)
    assert many.by_words(many.terms.weigh({"찻잔": 1.0}), (), 3).tolist() == [1]


def test_columns_must_agree(tmp_path: Path):
    def entry(columns: dict[str, int | str]) -> Encoded:
        return Encoded("k", 1, "", columns, "말", np.zeros((0, 8), np.float32))

    for number, (other, message) in enumerate(
        [({}, "needs the columns"), ({"a": "word"}, "words and numbers")]
    ):
        with pytest.raises(ValueError, match=message):
            write_generation(tmp_path / str(number), [entry({"a": 1}), entry(other)], {}, dim=8)


class Backwards:
    """Puts the last of the candidates first."""

    name = "backwards"

    def __init__(self) -> None:
        self.seen: list[Candidate] = []

    def rerank(self, query, candidates):
        self.seen = list(candidates)
        return np.arange(len(candidates), dtype=float)


def test_a_reranker_orders_the_best(catalogue: Index):
    backwards = Backwards()
    plain = Finder(catalogue).find("유선 이어폰", top_k=50)
    finder = Finder(catalogue, reranker=backwards, text_of=lambda payload: f"<{payload}>")
    found = finder.find("유선 이어폰", top_k=50)
    assert [entry.key for entry in found.entries] == [entry.key for entry in plain.entries][::-1]
    assert [entry.ranks.reranked for entry in found.entries] == list(range(1, 11))
    assert found.entries[-1].ranks.fused == 1
    assert backwards.seen[0].key == plain.entries[0].key
    assert "유선 이어폰" in backwards.seen[0].text
    assert backwards.seen[0].keyword == plain.entries[0].scores.keyword


# -- scores ----------------------------------------------------------------------------------


def test_our_bm25_is_lancedbs(index: PolicyIndex, tokenizer: KoreanTokenizer):
    """Same order and scores as the table's own full-text index, up to the factor k1 + 1."""
    import lancedb
    from lancedb.query import MatchQuery

    snapshot = opened(index)
    table = lancedb.connect(index.directory / snapshot.version).open_table("rows")
    terms = dict.fromkeys(tokenizer.index_terms("반품 배송비는 얼마인가요"), 1.0)
    found = (
        table.search(MatchQuery(" ".join(terms), "tokens"), query_type="fts")
        .with_row_id(True)
        .select(["_score"])
        .limit(100)
        .to_arrow()
        .to_pylist()
    )
    weighed = snapshot.terms.weigh(terms)
    scores = snapshot.terms.scores(weighed, np.arange(snapshot.entries))
    ours = {n: one * weighed.information * 2.2 for n, one in enumerate(scores.tolist()) if one}
    assert {row["_rowid"]: row["_score"] for row in found} == pytest.approx(ours, rel=1e-4)


def test_bm25n_is_a_share_and_unknown_words_lower_it(index: PolicyIndex):
    terms = opened(index).terms
    rows = np.arange(10)
    known = terms.scores(terms.weigh({"환불": 1.0}), rows)
    unknown = terms.scores(terms.weigh({"환불": 1.0, "없는말": 1.0}), rows)
    assert 0 < unknown.max() < known.max() < 1
    assert (known == 0).any()
    assert not terms.scores(terms.weigh({}), rows).any()
    assert not terms.scores(terms.weigh({"없는말": 1.0}), rows).any()
    assert terms.weigh({"없는말": 1.0}).words == ()


def test_cosines_are_those_of_whole_and_sentences(
    index: PolicyIndex, encoder: CongEncoder, tokenizer: KoreanTokenizer
):
    snapshot = opened(index)
    query = encoder.encode(["물건 돌려보내면 입금 언제 돼요"])[0]
    passages, sentences, asked = snapshot.cosines(query, np.arange(snapshot.entries))
    assert np.isnan(asked).all()
    for doc_id in ("refund", "shipping", "returns"):
        for chunk in index.document_chunks(doc_id):
            number = snapshot.entry(chunk.chunk_id)
            parts = parts_of(chunk)
            ids = [one for p in parts for one in tokenizer.content_ids(p.text) * p.weight]
            (passage,) = encoder.encode_ids([ids])
            rest = encoder.encode([p.text for p in parts if p.sentence])
            assert passages[number] == pytest.approx(query @ passage, abs=1e-3)
            assert sentences[number] == pytest.approx((rest @ query).max(), abs=1e-3)
            assert query @ snapshot.vector(number) == pytest.approx(passages[number], abs=1e-3)


def test_unknown_text_has_words_but_no_vector(tmp_path: Path, tokenizer, encoder):
    index = Index(tmp_path, tokenizer, encoder)
    odd = Entry("odd", (Part("12345"),), asked=("67890",))
    index.build([*_plain("환불 안내"), Group("odd", "1", lambda: [odd])])
    snapshot = opened(index)
    number = snapshot.entry("odd")
    assert snapshot.vector(number) is None
    assert all(
        np.isnan(one[number]) for one in snapshot.cosines(encoder.encode(["환불"])[0], np.arange(2))
    )
    assert keys(index, "12345") == ["odd"]
    assert keys(index, "환불", top_k=5) == ["환불 안내"]


def test_entries_without_a_word_are_never_found(tmp_path: Path, tokenizer, encoder):
    index = Index(tmp_path, tokenizer, encoder)
    index.build(_plain("", " \n", "12345"))
    for mode in ("hybrid", "keyword", "vector"):
        found = Finder(index).find("환불 언제", mode=mode)
        assert (found.mode_used, found.notice) == ("none", "no_known_words")


def _plain(*texts: str) -> list[Group]:
    return [Group(text, "1", lambda text=text: [Entry(text, (Part(text),))]) for text in texts]


# -- arrays ------------------------------------------------------------------------------------


def test_arrays_are_read_as_they_were_written(tmp_path: Path):
    with ArrayWriter(tmp_path) as arrays:
        arrays.append("numbers", [1, 2], "i8")
        arrays.append("numbers", np.array([3]), "i8")
        arrays.append("pairs", np.eye(2), "f2")
        arrays.flush()
        assert open_array(tmp_path, "numbers", "i8").tolist() == [1, 2, 3]
    assert open_array(tmp_path, "pairs", "f2", width=2).tolist() == [[1, 0], [0, 1]]
    assert open_array(tmp_path, "never written", "f2", width=3).shape == (0, 3)


def test_parts_of_arrays():
    starts, sizes = spans(np.array([2, 2, 5]), np.array([2, 0, 1]))
    assert (starts.tolist(), sizes.tolist()) == ([2, 0, 2], [3, 2, 0])
    assert ranges(starts, sizes).tolist() == [2, 3, 4, 0, 1]
    assert ranges(starts[:0], sizes[:0]).tolist() == []
