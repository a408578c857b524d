"""Photos as the services keep them: catalogue pictures, the detector in force, books, health."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.types import Caller
from errors import BadInput, Forbidden, NotFound, NotSignedIn, Unavailable
from services import Services
from services.health import health
from services.photo_models import detector_info
from services.seeding import seed_pictures
from store.seed import pictures as seeded
from tests.conftest import NOW, Clock, copy_database, make_services
from tests.llmserver import LLMServer, Reply, providers_table
from tests.photo_scenes import catalogue_picture, customer_photo
from tests.shelves import STAFF, every_row, order_of
from vision.card import Card, sha256_of
from vision.detector import OWN, SHIPPED
from vision.labels import DETECTED

SEEN = json.dumps(
    {"verdict": "damage", "photo_quality": "good", "readable_text": "",
     "defects": [{"label": "hole", "confidence": 0.95, "box": [550, 210, 750, 430]}]}
)  # fmt: skip


def counted(shop: Services, name: str, **labels: str) -> float:
    text = shop.metrics.render()[0].decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"sangdam_{name}" and labels.items() <= sample.labels.items()
    )


def files(shop: Services) -> list[str]:
    return sorted(path.name for path in shop.photo_folder.glob("*"))


# ── the catalogue's pictures ─────────────────────────────────────────────────────────────


def test_staff_set_replace_and_remove_a_picture(shop: Services, minji: Caller) -> None:
    photos = shop.photos
    first = photos.set_product_photo(STAFF, "P1001", catalogue_picture(1))
    assert (first.made_by, first.added_by, first.width_px) == ("shop", "staff_001", 640)
    assert photos.product_picture("P1001", "P1001-BK") == photos.product_picture("P1001")
    own = photos.set_product_photo(STAFF, "P1001", catalogue_picture(2), "P1001-BK")
    assert photos.product_picture("P1001", "P1001-BK") != photos.product_picture("P1001")
    assert files(shop) == sorted(f"{one.sha256}.jpg" for one in (first, own))
    photos.set_product_photo(STAFF, "P1001", catalogue_picture(2))  # the same as the option's
    assert files(shop) == [f"{own.sha256}.jpg"]
    photos.remove_product_photo(STAFF, "P1001", "P1001-BK")
    assert files(shop) == [f"{own.sha256}.jpg"]
    photos.remove_product_photo(STAFF, "P1001")
    assert files(shop) == []
    with pytest.raises(NotFound):
        photos.product_picture("P1001")
    for caller in (minji, Caller(guest_key="a")):
        with pytest.raises(Forbidden):
            photos.set_product_photo(caller, "P1001", catalogue_picture())


def test_a_refused_picture_leaves_nothing(shop: Services) -> None:
    before = every_row(shop)
    for product_id, data, sku, error in (
        ("P0000", catalogue_picture(), "", NotFound),
        ("P1001", catalogue_picture(), "P9999-XX", NotFound),
        ("P1001", b"no picture", "", BadInput),
    ):
        with pytest.raises(error):
            shop.photos.set_product_photo(STAFF, product_id, data, sku)
    assert files(shop) == []
    assert every_row(shop) == before


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A folder of catalogue pictures, one of them of nothing that is sold."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    for name in ("P1001", "P1001-BK", "P0000"):
        (folder / f"{name}.jpg").write_bytes(catalogue_picture(len(name)))
    return folder


def test_the_demonstration_shop_gets_its_pictures_once(
    shop: Services, drawn: Path, minji: Caller
) -> None:
    with shop.database.write() as tx:  # as a shop that was seeded before there were any
        tx.execute("delete from settings where key = 'pictures_seeded_at'")
        tx.execute("delete from product_photos")
    given: dict[str, Any] = {"now": NOW, "pictures": drawn}
    assert seed_pictures(shop.database, shop.photo_folder, **given) == 2
    assert len(files(shop)) >= 2
    assert shop.photos.product_picture("P1001", "P1001-BK") == catalogue_picture(8)
    found = shop.tool(minji, "list_product_photos", product_ids=("P1001",))
    assert {(one.sku, one.made_by) for one in found} == {("", "demo"), ("P1001-BK", "demo")}
    shop.photos.remove_product_photo(STAFF, "P1001", "P1001-BK")
    assert seed_pictures(shop.database, shop.photo_folder, **given) == 0
    assert len(shop.tool(minji, "list_product_photos", product_ids=("P1001",))) == 1


def test_a_shop_of_somebodys_own_gets_none(tmp_path: Path, drawn: Path) -> None:
    bare = make_services(tmp_path / "bare", demo=False)
    bare.database.prepare()
    assert seed_pictures(bare.database, bare.photo_folder, now=NOW, pictures=drawn) == 0
    with bare.database.read() as tx:
        assert not seeded.wanted(tx)
    assert files(bare) == []


# ── a photo and its report ───────────────────────────────────────────────────────────────


def test_a_photo_for_a_customers_order_is_the_customers(
    shop: Services, minji: Caller, jihun: Caller
) -> None:
    order = order_of(shop, minji, "delivered")
    image_id = shop.photos.save(STAFF, customer_photo(), order_id=order.order_id)
    assert shop.photo(minji, image_id) == shop.photo(STAFF, image_id)
    with pytest.raises(NotFound):
        shop.photo(jihun, image_id)
    with pytest.raises(NotFound):
        shop.photos.save(jihun, customer_photo(), order_id=order.order_id)
    with pytest.raises(NotSignedIn):
        shop.photos.save(Caller(guest_key="a"), customer_photo())
    assert counted(shop, "photos_total", result="stored") == 1


def test_uploads_and_reports_are_counted(shop: Services, minji: Caller) -> None:
    with pytest.raises(BadInput):
        shop.photos.defect(minji, b"no picture")
    kept = shop.photos.defect(minji, customer_photo())
    verdicts = {
        one: counted(shop, "photo_reports_total", verdict=one)
        for one in ("damage", "review", "retake", "failed")
    }
    assert verdicts == {one: float(one == kept.report.verdict) for one in verdicts}
    assert counted(shop, "photo_report_duration_seconds_count") == 1
    for one in kept.report.opinions:
        assert counted(shop, "photo_judgements_total", judge=one.judge, state=one.state) == 1
    assert counted(shop, "photos_total") == 2
    assert counted(shop, "photos_total", result="stored") == 1
    assert counted(shop, "photos_total", result="photo_unreadable") == 1
    [again] = shop.photos.reports_of(minji, [kept.image_id]).values()
    assert (again.report_id, again.report) == (kept.report_id, kept.report)


def test_a_report_names_nobody_elses_order(shop: Services, minji: Caller, jihun: Caller) -> None:
    """A report is its photo's owner's to read: staff cannot put another's order on it."""
    theirs = order_of(shop, jihun, "delivered").order_id
    _, image_id = shop.save_photo(minji, customer_photo(), session_id=None)
    for caller in (minji, STAFF):
        with pytest.raises(NotFound) as refused:
            shop.photos.check(caller, image_id, order_id=theirs)
        assert "주문" in refused.value.message
    assert shop.photos.reports(minji).items == ()
    own = shop.photos.save(STAFF, customer_photo())  # sent to staff on another way
    assert shop.photos.check(STAFF, own, order_id=theirs).stored.order_id == theirs


def test_what_is_judged_again_is_in_no_figures(shop: Services, minji: Caller) -> None:
    _, image_id = shop.save_photo(minji, customer_photo(), session_id=None)
    with shop.photos.uncounted():
        shop.tool(minji, "look_at_photo", image_id=image_id)
    assert counted(shop, "photo_report_duration_seconds_count") == 0
    assert shop.photos.last.took_ms is None
    shop.tool(minji, "look_at_photo", image_id=image_id)
    assert counted(shop, "photo_report_duration_seconds_count") == 1


def test_a_judge_that_breaks_is_unavailable_and_told(
    shop: Services, minji: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **given: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("vision.inspector.Inspector.inspect", broken)
    with pytest.raises(Unavailable) as caught:
        shop.photos.defect(minji, customer_photo())
    assert "사진" in caught.value.message
    assert counted(shop, "photo_reports_total", verdict="failed") == 1
    told = health(shop)[1]["vision"]
    assert (told["status"], told["last_error"]) == ("degraded", "RuntimeError")


# ── the detector ─────────────────────────────────────────────────────────────────────────


def weights(path: Path, data: bytes = b"weights", sha256: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    card = Card("mine", "우리 모델", DETECTED, sha256=sha256 or sha256_of(data),
                figures={"generated": {"map50": 0.4}})  # fmt: skip
    card.write(path.with_suffix(".json"))
    return path


def test_which_detector_is_in_force(tmp_path: Path) -> None:
    shipped = detector_info(tmp_path)
    assert (shipped.origin, shipped.example, shipped.path) == ("shipped", True, SHIPPED)
    weights(tmp_path / OWN)
    promoted = detector_info(tmp_path)
    assert (promoted.origin, promoted.example, promoted.error) == ("promoted", False, "")
    assert (promoted.title, promoted.sha256) == ("우리 모델", sha256_of(b"weights"))
    assert promoted.figures == {"generated": {"map50": 0.4}}
    assert promoted.labels == DETECTED
    own = detector_info(tmp_path, str(weights(tmp_path / "own.onnx", b"other")))
    assert (own.origin, own.size_bytes) == ("own", 5)
    missing = detector_info(tmp_path, str(tmp_path / "none.onnx"))
    assert (missing.origin, missing.sha256) == ("own", "")
    assert "파일" in missing.error


def test_other_weights_come_into_force_without_a_restart(shop: Services, tmp_path: Path) -> None:
    before = shop.photos.inspector
    assert shop.photos.inspector is before
    weights(tmp_path / OWN)
    assert shop.photos.inspector is not before
    assert shop.photos.detector_info().origin == "promoted"


@pytest.mark.parametrize("how", ["changed", "no_card", "gone"])
def test_health_tells_of_weights_that_cannot_be_used(
    shop: Services, tmp_path: Path, how: str
) -> None:
    path = weights(tmp_path / OWN)
    whole, parts = health(shop)
    assert parts["vision"] == {"status": "ok", "last_error": None, "latency_ms": None}
    if how == "changed":
        path.write_bytes(b"other weights")
    elif how == "no_card":
        path.with_suffix(".json").write_text("{")
    else:
        shop = make_services(tmp_path, Clock(), detector_weights=str(tmp_path / "gone.onnx"))
    told = health(shop)[1]["vision"]
    assert told["status"] == "degraded"
    assert "검출" in told["last_error"] or "카드" in told["last_error"]
    assert whole in ("ok", "down")


def test_photos_are_judged_without_a_detector_and_that_is_told(
    shop: Services, minji: Caller, tmp_path: Path
) -> None:
    weights(tmp_path / OWN)  # a card that fits, over bytes that are no network
    kept = shop.photos.defect(minji, customer_photo())
    [detector] = [one for one in kept.report.opinions if one.judge == "detector"]
    assert (detector.state, bool(detector.reason)) == ("absent", True)
    told = health(shop)[1]["vision"]
    assert told["status"] == "degraded"
    assert told["latency_ms"] > 0


# ── a language model that looks along ────────────────────────────────────────────────────


@pytest.fixture
def seeing(base: Services, clock: Clock, tmp_path: Path) -> Iterator[tuple[Services, LLMServer]]:
    """A shop with a model that sees, and the model."""
    copy_database(base, tmp_path / "sangdam.db")
    with LLMServer(Reply(SEEN)) as server:
        row = {**providers_table(server, "openai"), "vision": True}
        table = {"providers": {"eyes": row}, "purposes": {"inspect": ["eyes"], "understand": []},
                 "limits": {"inspect_s": 2}}  # fmt: skip
        shop = make_services(tmp_path, clock, llm=table)
        for part in ("tokenizer", "encoder", "index", "policies", "catalogue", "understander"):
            shop.__dict__[part] = getattr(base, part)
        shop._ready.set()
        shop.llm.gateway.warm()
        yield shop, server
        shop.llm.gateway.close()


def calls(shop: Services) -> list[dict[str, Any]]:
    return [one for one in every_row(shop)["llm_calls"] if one["purpose"] == "inspect"]


def test_a_model_that_sees_is_a_judge_and_in_the_books(
    seeing: tuple[Services, LLMServer], minji: Caller
) -> None:
    shop, server = seeing
    kept = shop.photos.defect(minji, customer_photo())
    [model] = [one for one in kept.report.opinions if one.judge == "llm"]
    assert (model.state, model.model) == ("seen", "eyes:tiny")
    assert model.findings[0].box == (0.55, 0.21, 0.75, 0.43)
    assert any("llm" in one.judges for one in kept.report.findings)
    [call] = calls(shop)
    assert (call["provider"], call["error"], call["turn_id"]) == ("eyes", "", None)
    assert len(server.asked) == 1
    assert counted(shop, "photo_judgements_total", judge="llm", state="seen") == 1


def test_a_model_that_fails_costs_no_report(
    seeing: tuple[Services, LLMServer], minji: Caller
) -> None:
    shop, server = seeing
    server.say(Reply(fault="no_reply"))
    kept = shop.photos.defect(minji, customer_photo())
    [model] = [one for one in kept.report.opinions if one.judge == "llm"]
    assert (model.state, bool(model.reason)) == ("unsure", True)
    assert [call["error"] for call in calls(shop)] == ["timeout"]


def test_a_damaged_catalogue_picture_is_no_reference(shop: Services, minji: Caller) -> None:
    order = order_of(shop, minji, "delivered")
    picture = shop.photos.set_product_photo(STAFF, order.lines[0].product_id, catalogue_picture())
    shutil.rmtree(shop.photo_folder)
    kept = shop.photos.defect(minji, customer_photo(), order_id=order.order_id)
    [reference] = [one for one in kept.report.opinions if one.judge == "reference"]
    assert reference.state == "absent"
    (shop.photo_folder / f"{picture.sha256}.jpg").write_bytes(b"\xff\xd8\xff no picture")
    kept = shop.photos.defect(minji, customer_photo(), order_id=order.order_id)
    assert kept.report.verdict in ("review", "retake")
