"""Building: incremental, atomic for readers, safe against a second builder."""

from __future__ import annotations

import errno
import gc
import json
import multiprocessing
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from errors import Unavailable
from retrieval import CongEncoder, KoreanTokenizer, PolicyIndex, PolicySearch
from retrieval.generations import Store
from tests.retrieval.conftest import TODAY, make_document, shop_documents

NewIndex = Callable[[], PolicyIndex]


class CountingEncoder(CongEncoder):
    """Counts the vectors made: unchanged documents must not be encoded again."""

    made = 0
    extra = ""

    def encode_ids(self, rows):
        self.made += len(rows)
        return super().encode_ids(rows)

    @property
    def version(self) -> str:
        return super().version + self.extra


@pytest.fixture
def counting(tokenizer: KoreanTokenizer, encoder: CongEncoder) -> CountingEncoder:
    return CountingEncoder(tokenizer, encoder.cache_file.parent)


def test_a_first_build_holds_everything(index: PolicyIndex):
    status = index.status()
    assert status.ready
    assert (status.documents, status.chunks) == (6, 10)
    assert not status.stale
    assert status.built_at.endswith("+00:00")
    assert status.encoder.startswith("kiwi-cong/")


def test_only_what_changed_is_encoded(
    tmp_path: Path, tokenizer: KoreanTokenizer, counting: CountingEncoder
):
    index = PolicyIndex(tmp_path, tokenizer, counting)
    documents = shop_documents()
    first = index.build(documents)
    assert (first.added, first.changed, first.removed, first.unchanged) == (6, 0, 0, 0)
    assert first.chunks == 10
    before = counting.made
    assert before > 2 * 10  # each clause, and its sentences

    progress: list[tuple[int, int]] = []
    changed = make_document("refund", "## 새 절\n새 글입니다.")
    added = make_document("new", "## 하나\n글입니다.\n## 둘\n글입니다.")
    second = index.build([changed, *documents[1:5], added], lambda *step: progress.append(step))
    assert (second.added, second.changed, second.removed, second.unchanged) == (1, 1, 1, 4)
    # Three clauses of a heading and a sentence, each with a vector of the whole as well.
    assert counting.made == before + 3 * 3
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert second.chunks == 10 - 2 - 1 + 1 + 2
    assert [chunk.text for chunk in index.document_chunks("refund")] == ["새 글입니다."]
    assert index.document_chunks("approval", staff=True) == ()


def test_nothing_is_written_when_nothing_changed(new_index: NewIndex):
    index = new_index()
    index.build(shop_documents())
    before = index.status()
    report = index.build(list(reversed(shop_documents())))
    assert (report.unchanged, report.chunks) == (6, 10)
    assert index.status() == before


def test_copied_rows_search_like_fresh_ones(new_index: NewIndex, search: PolicySearch):
    index = new_index()
    index.build(shop_documents()[:3])
    index.build(shop_documents())
    for mode in ("hybrid", "keyword", "vector"):
        mine = PolicySearch(index).search("환불은 언제 되나요", mode=mode, today=TODAY)
        theirs = search.search("환불은 언제 되나요", mode=mode, today=TODAY)
        assert replace(mine, took_ms=0) == replace(theirs, took_ms=0)


def test_another_encoder_encodes_everything_anew(
    tmp_path: Path, tokenizer: KoreanTokenizer, counting: CountingEncoder
):
    index = PolicyIndex(tmp_path, tokenizer, counting)
    index.build(shop_documents())
    before = counting.made
    counting.extra = "-better"
    assert index.status().stale
    result = PolicySearch(index).search("환불은 언제 되나요", today=TODAY)
    assert (result.mode_used, result.notice) == ("keyword", "encoder_changed")
    assert result.hits
    report = index.build(shop_documents())
    assert (report.added, report.changed, report.unchanged) == (0, 6, 0)
    assert counting.made == 2 * before
    assert not index.status().stale


def test_a_rebuild_encodes_everything_anew(
    tmp_path: Path, tokenizer: KoreanTokenizer, counting: CountingEncoder
):
    index = PolicyIndex(tmp_path, tokenizer, counting)
    index.build(shop_documents())
    before = counting.made
    report = index.build(shop_documents(), rebuild=True)
    assert (report.added, report.changed, report.unchanged) == (0, 6, 0)
    assert counting.made == 2 * before


def test_equal_ids_are_refused(new_index: NewIndex):
    with pytest.raises(ValueError, match="doc_ids"):
        new_index().build([make_document("a", "글"), make_document("a", "글")])


def test_an_empty_index_is_an_index(new_index: NewIndex):
    index = new_index()
    index.build(shop_documents()[:1])
    assert index.build([]).removed == 1
    assert index.status().ready
    result = PolicySearch(index).search("환불", today=TODAY)
    assert (result.hits, result.notice) == ((), "nothing_in_force")


def test_clauses_are_shown_by_audience(index: PolicyIndex):
    (internal,) = index.document_chunks("approval", staff=True)
    assert index.chunk(internal.chunk_id, staff=True) == internal
    assert index.chunk(internal.chunk_id) is None
    assert index.document_chunks("approval") == ()
    assert index.chunk("no#such") is None
    assert [chunk.position for chunk in index.document_chunks("shipping")] == [0, 1, 2]


def test_no_index_is_told(new_index: NewIndex):
    index = new_index()
    assert index.snapshot() is None
    assert not index.status().ready
    assert index.chunk("a#b") is None
    assert index.document_chunks("a") == ()


# -- readers and builders at once ----------------------------------------------------------


def test_a_reader_sees_another_ones_build(new_index: NewIndex):
    reader, builder = new_index(), new_index()
    assert not reader.status().ready
    builder.build(shop_documents()[:1])
    assert reader.status().documents == 1
    builder.build(shop_documents())
    assert reader.status().documents == 6


def test_an_open_snapshot_outlives_the_next_build(new_index: NewIndex, encoder: CongEncoder):
    index = new_index()
    index.build(shop_documents()[:1])
    snapshot = index.snapshot()
    assert snapshot is not None
    index.build(shop_documents())
    found = snapshot.by_vector(encoder.encode(["환불"])[0], (), 10)
    assert sorted(found.tolist()) == [0, 1]


def test_readers_never_see_half_an_index(new_index: NewIndex):
    """Two sets of documents take turns; every answer is wholly of one of them."""
    sets = {
        tag: [make_document(f"{tag}{n}", f"## 환불 {n}\n{tag} 환불 안내입니다.") for n in range(4)]
        for tag in ("a", "b")
    }
    builder = new_index()
    builder.build(sets["a"])
    seen: set[str] = set()
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        search = PolicySearch(new_index(), cache_size=0)
        while not done.is_set():
            hits = search.search("환불 안내", mode="keyword", today=TODAY, top_k=50).hits
            tags = {hit.chunk.doc_id[0] for hit in hits}
            seen.update(tags)
            if len(tags) != 1 or len(hits) != 4:
                wrong.append(hits)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(6):
        builder.build(sets["ba"[turn % 2]])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert seen == {"a", "b"}


def test_a_build_that_fails_leaves_the_index_as_it_was(
    new_index: NewIndex, monkeypatch: pytest.MonkeyPatch
):
    index = new_index()
    index.build(shop_documents()[:1])
    before = index.status()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "switch", full)
        with pytest.raises(Unavailable, match="빈 공간"):
            index.build(shop_documents())
    assert new_index().status() == before
    assert [path.name for path in index.directory.glob("gen-*")] == [before.version]
    assert index.build(shop_documents()).added == 5


def test_left_overs_of_a_killed_build_do_no_harm(new_index: NewIndex):
    index = new_index()
    (index.directory / "gen-000001" / "rows.lance").mkdir(parents=True)
    (index.directory / "CURRENT.tmp").write_text("half")
    index.build(shop_documents())
    assert index.status().version == "gen-000001"
    assert index.status().chunks == 10
    killed = index.directory / "gen-000007"
    killed.mkdir()
    index.build(shop_documents())  # nothing to do, and still a build
    assert not killed.exists()


def test_two_generations_are_kept_at_most(new_index: NewIndex):
    index = new_index()
    for count in (1, 2, 3, 4):
        index.build(shop_documents()[:count])
    names = sorted(path.name for path in index.directory.glob("gen-*"))
    assert names == ["gen-000003", "gen-000004"]


@pytest.mark.parametrize(
    "damage",
    ["{", "[]", '{"format": 99}', {"generation": 1}, {"generation": "../x"}, {"dim": "x"},
     {"format": 2}],
)  # fmt: skip
def test_a_manifest_nobody_can_read_means_no_index(new_index: NewIndex, damage):
    index = new_index()
    index.build(shop_documents()[:1])
    pointer = index.directory / "CURRENT.json"
    whole = json.loads(pointer.read_text())
    pointer.write_text(damage if isinstance(damage, str) else json.dumps(whole | damage))
    assert not index.status().ready
    assert index.build(shop_documents()[:1]).added == 1
    assert index.status().ready


def test_a_lost_table_means_no_index_and_is_rebuilt(new_index: NewIndex):
    index = new_index()
    index.build(shop_documents()[:1])
    pointer = index.directory / "CURRENT.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"generation": "gen-999999"}))
    result = PolicySearch(new_index()).search("환불", today=TODAY)
    assert (result.mode_used, result.notice) == ("none", "index_missing")
    assert index.build(shop_documents()[:1]).added == 1
    assert new_index().status().ready


@pytest.mark.parametrize("name", ["payload_ends.bin", "terms.bin", "meta.json", "rows.lance"])
def test_a_lost_file_means_no_index_and_is_rebuilt(new_index: NewIndex, name: str):
    index = new_index()
    index.build(shop_documents()[:1])
    lost = index.directory / index.status().version / name
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    assert not new_index().status().ready
    assert new_index().build(shop_documents()[:1]).added == 1
    assert new_index().status().ready


@pytest.mark.parametrize("meta", [None, "[]", "5", "{}"])
def test_a_cut_off_file_means_no_index_and_is_rebuilt(new_index: NewIndex, meta: str | None):
    """As a full disk or a power cut leaves it."""
    new_index().build(shop_documents())
    folder = new_index().directory / new_index().status().version
    cut = [folder / "meta.json"] if meta else sorted(folder.glob("*.bin"))
    assert cut
    for path in cut:
        whole = path.read_bytes()
        path.write_text(meta) if meta else path.write_bytes(whole[: len(whole) // 2])
        if whole:
            assert not new_index().status().ready, path.name
        path.write_bytes(whole)
    assert new_index().status().ready
    cut[0].write_bytes(b"")
    assert new_index().build(shop_documents()).added == 6
    assert new_index().status().ready


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_a_generation_let_go_of_closes_its_files(new_index: NewIndex):
    """A thousand files open is the limit of most systems, and the collector may be far off."""
    index = new_index()
    index.build([make_document("a", "글")])
    gc.disable()
    try:
        index.build([make_document("a", "새 글")])
        before = len(list(Path("/proc/self/fd").iterdir()))
        for turn in range(6):
            index.build([make_document("a", f"글 {turn}")])
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 6
    finally:
        gc.enable()


def test_the_lock_gives_up_in_words(new_index: NewIndex):
    directory = new_index().directory
    with (
        Store(directory).building(),
        pytest.raises(Unavailable, match="색인"),
        Store(directory).building(wait_s=0),
    ):
        pass
    with Store(directory).building(wait_s=0):
        pass  # free again


def _build_in_process(directory: Path, cache: Path) -> None:
    tokenizer = KoreanTokenizer()
    PolicyIndex(directory, tokenizer, CongEncoder(tokenizer, cache)).build(shop_documents())


@pytest.mark.process
def test_two_processes_may_start_at_once(new_index: NewIndex, encoder: CongEncoder):
    index = new_index()
    encoder.basis()
    spawn = multiprocessing.get_context("spawn")
    arguments = (index.directory, encoder.cache_file.parent)
    processes = [spawn.Process(target=_build_in_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert index.status().version == "gen-000001"  # the second found nothing to do
    assert index.status().chunks == 10
