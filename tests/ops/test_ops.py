"""The files in ops/ against the program: metrics they name exist, the tools can read them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.types import Message, TokenUsage
from services import Services
from services import metrics_words as words
from settings import TABLE
from tests.conftest import ROOT, make_services
from tests.test_layers import OURS
from vision.types import Quality, Report

OPS = ROOT / "ops"
DEFAULT = {row.name: row.default for row in TABLE}
ALERTS = yaml.safe_load((OPS / "alerts.yml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((OPS / "grafana" / "sangdam.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
TARGETS = [target for panel in PANELS for target in panel.get("targets", ())]
NOTES = [note["expr"] for note in DASHBOARD["annotations"]["list"] if "expr" in note]
EXPRESSIONS = {
    **{rule["alert"]: rule["expr"] for rule in RULES},
    **{f"dashboard {number}": one["expr"] for number, one in enumerate(TARGETS)},
    **{f"annotation {number}": expr for number, expr in enumerate(NOTES)},
}
_METRIC = re.compile(r"\b((?:sangdam|process|python)_[a-z_0-9]+|up)\b(?:\{([^}]*)\})?")
_LABEL = re.compile(r'(\w+)\s*(=~|=|!~|!=)\s*"((?:[^"\\]|\\.)*)"')


def tool(name: str, *arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool of the system; skips where it is not installed."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus, nginx, systemd)")
    return subprocess.run(
        [name, *arguments], capture_output=True, text=True, timeout=60, cwd=OPS, **given
    )


@pytest.fixture(scope="module")
def counted(base: Services) -> Services:
    """A shop that has counted one of everything it can count."""
    shop = make_services(base.settings.data_path)
    metrics = shop.metrics
    for provider in sorted(shop.llm.known_providers):
        message = Message("s", "m", "", "", "policy", 1.0, provider=provider,
                          token_usage=TokenUsage(1, 1, 2))  # fmt: skip
        for outcome in words.OUTCOMES:
            metrics.turn(source="chat", outcome=outcome, message=message, seconds=1,
                         first_delta_s=1)  # fmt: skip
        metrics.llm_usage(provider, message.token_usage, cost_usd=1)
        metrics.llm_error(provider, "timeout")
        metrics.breaker(provider, "open")
    for status in (200, 503):
        metrics.http("GET", "/api/orders/{order_id}", status, 1)
    metrics.search("hybrid", 1, True)
    quality = Quality(True, 1.0, 1.0, 1.0, 1.0)
    metrics.photo_judged(
        Report("review", None, quality, (), (), (), None, "", 1, 1), 1
    )  # fmt: skip
    return shop


@pytest.fixture(scope="module")
def served(counted: Services) -> dict[str, list[dict[str, str]]]:
    """Sample name → the label sets of its series, as a scrape of the shop has them."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, list[dict[str, str]]] = {"up": [{}]}  # Prometheus' own
    for family in text_string_to_metric_families(counted.metrics.render()[0].decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


# ── names and labels ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_every_expression_asks_for_series_that_exist(
    where: str, served: dict[str, list[dict[str, str]]]
) -> None:
    asked = list(_METRIC.finditer(EXPRESSIONS[where]))
    assert asked
    for metric in asked:
        assert metric[1] in served, f"{metric[1]} is never served"
        series = served[metric[1]]
        for label, how, wanted in _LABEL.findall(metric[2] or ""):
            if label in ("job", "instance"):  # Prometheus adds them
                continue
            values = {one[label] for one in series if label in one}
            assert values, f"{metric[1]} has no label {label}"
            if how == "=":
                assert wanted in values, f'{metric[1]} never has {label}="{wanted}"'
            elif how == "=~":
                patterns = wanted.split("|")
                assert all(any(re.fullmatch(p, v) for v in values) for p in patterns), wanted


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_what_is_grouped_by_is_a_label(where: str, served: dict[str, list[dict[str, str]]]) -> None:
    expression = EXPRESSIONS[where]
    labels = {
        label
        for metric in _METRIC.finditer(expression)
        for one in served.get(metric[1], ())
        for label in one
    }
    grouped = {
        label.strip()
        for group in re.findall(r"\bby \(([^)]*)\)", expression)
        for label in group.split(",")
    }
    assert grouped <= labels


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.relative_to(ROOT).as_posix())
     for path in (*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md"), OPS / "README.md")],
)  # fmt: skip
def test_documents_name_only_metrics_that_are_served(
    path: Path, served: dict[str, list[dict[str, str]]]
) -> None:
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in served}
    named = set(re.findall(r"`(sangdam_[a-z_]+)`?", path.read_text("utf-8")))
    assert named <= families | set(served)


def test_every_metric_is_documented(served: dict[str, list[dict[str, str]]]) -> None:
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in served}
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    missing = {name for name in families if name.startswith("sangdam_") and f"`{name}`" not in text}
    assert not missing


# ── alerts ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_in_korean_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "action"}
    for text in rule["annotations"].values():
        assert re.search("[가-힣]", text)
    assert rule["annotations"]["action"].endswith(".")


def test_every_alert_is_seen_firing_and_quiet() -> None:
    tests = yaml.safe_load((OPS / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = set(re.findall(r'alertname="(\w+)"', json.dumps(tests).replace('\\"', '"')))
    assert fired == {rule["alert"] for rule in RULES}
    quiet = tests[0]
    assert [one["exp_samples"] for one in quiet["promql_expr_test"]] == [[], []]
    busy = set(re.findall(r"\b[a-z]+_[a-z_]+", json.dumps(quiet["input_series"])))
    asked = {metric[1] for rule in RULES for metric in _METRIC.finditer(rule["expr"])}
    assert asked - busy == {"up"}


@pytest.mark.slow
def test_promtool_reads_the_configuration_and_the_rules() -> None:
    for kind, name in (("config", "prometheus.yml"), ("rules", "alerts.yml")):
        done = tool("promtool", "check", kind, name)
        assert done.returncode == 0, done.stderr
        assert f"{len(RULES)} rules found" in done.stdout + done.stderr


@pytest.mark.slow
def test_promtool_runs_the_tests_of_the_alerts() -> None:
    done = tool("promtool", "test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_promtool_likes_what_is_served(counted: Services) -> None:
    text = counted.metrics.render()[0].decode()
    done = tool("promtool", "check", "metrics", input=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ── dashboard ────────────────────────────────────────────────────────────────────────────


def test_the_dashboard_is_well_formed() -> None:
    assert DASHBOARD["schemaVersion"] == 42
    assert DASHBOARD["id"] is None
    kinds = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert kinds == {"datasource": "datasource", "instance": "query"}
    numbers = [panel["id"] for panel in PANELS]
    assert len(set(numbers)) == len(numbers)
    rows = [panel["title"] for panel in PANELS if panel["type"] == "row"]
    assert rows == ["상담", "지연", "검색", "티켓", "HTTP", "LLM", "사진", "프로세스"]


def test_no_panel_covers_another() -> None:
    taken: dict[tuple[int, int], int] = {}
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['id']} covers {taken[x, y]}"
                taken[x, y] = panel["id"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["id"]))
def test_every_panel_has_words_a_unit_and_a_source(panel: dict[str, Any]) -> None:
    assert panel["title"]
    if panel["type"] == "row":
        return
    assert re.search("[가-힣]", panel["description"])
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    for asks in (panel, *panel["targets"]):
        assert asks["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.slow
def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    asked = [one["expr"] for one in TARGETS] + NOTES
    rules = [
        {"record": f"panel:{number}",
         "expr": expr.replace("$__rate_interval", "5m").replace("$instance", ".*")}
        for number, expr in enumerate(asked)
    ]  # fmt: skip
    assert not [rule["expr"] for rule in rules if "$" in rule["expr"]]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    done = tool("promtool", "check", "rules", str(path))
    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout + done.stderr


# ── how it is run ────────────────────────────────────────────────────────────────────────


def test_systemd_waits_longer_than_the_program() -> None:
    unit = (OPS / "sangdam.service").read_text("utf-8")
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(stop_s) > DEFAULT["shutdown_grace_s"]
    assert "\nRestart=on-failure\n" in unit
    settings = re.findall(r"^Environment=SANGDAM_(\w+)=", unit, re.MULTILINE)
    assert {name.lower() for name in settings} <= set(DEFAULT)
    # Behind a proxy the server itself listens on loopback, where neither is closed by itself.
    assert "\nEnvironment=SANGDAM_DEMO=false\n" in unit
    assert "\nEnvironment=SANGDAM_V1_KEY_REQUIRED=yes\n" in unit


@pytest.mark.slow
def test_systemd_reads_the_unit_and_finds_it_closed() -> None:
    done = tool("systemd-analyze", "verify", "./sangdam.service")
    assert (done.returncode, done.stderr) == (0, "")
    done = tool("systemd-analyze", "security", "--offline=true", "--threshold=20",
                "./sangdam.service")  # fmt: skip
    assert done.returncode == 0, done.stdout  # exposure 2.0 of 10 at most


def test_the_image_has_the_program_and_nothing_secret() -> None:
    text = (OPS / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    copied = {
        source
        for line in lines
        if line[0] == "COPY" and not line[1].startswith("--from")
        for source in line[1:-1]
    }
    needed = {*(name if (ROOT / name).is_dir() else f"{name}.py" for name in OURS), "data",
              ".streamlit", "pyproject.toml", "requirements.txt"}  # fmt: skip
    assert needed <= copied
    assert not [name for name in copied if not (ROOT / name).exists()]
    assert not {".", ".env", "var", "sangdam.toml"} & copied
    assert not re.search(r"(?i)(key|secret|password|token)\w*=", text)
    (user,) = [line[1] for line in lines if line[0] == "USER"]
    assert int(user) > 0
    assert [line[1] for line in lines if line[0] == "VOLUME"] == ["/data"]
    assert "/healthz" in next(" ".join(line) for line in lines if line[0] == "HEALTHCHECK")
    named = re.findall(r"\bSANGDAM_(\w+)=", text)
    assert {name.lower() for name in named} <= set(DEFAULT)


def test_nginx_gives_the_program_its_time_and_size() -> None:
    text = (OPS / "nginx.conf").read_text("utf-8")
    (size_mb,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(size_mb) == DEFAULT["max_body_mb"]
    read_s = re.findall(r"proxy_read_timeout (\d+)s;", text)
    assert all(int(one) > DEFAULT["turn_timeout_s"] for one in read_s)
    assert read_s
    assert f"server 127.0.0.1:{DEFAULT['port']};" in text


@pytest.mark.slow
def test_nginx_reads_its_configuration(tmp_path: Path) -> None:
    text = (OPS / "nginx.conf").read_text("utf-8")
    certificate, key = _certificate(tmp_path)
    text = re.sub(r"(ssl_certificate +)\S+;", rf"\1{certificate};", text)
    text = re.sub(r"(ssl_certificate_key +)\S+;", rf"\1{key};", text)
    (tmp_path / "sangdam.conf").write_text(text, "utf-8")
    folders = "".join(
        f"{name}_temp_path {tmp_path / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path / 'pid'}; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {folders} include {tmp_path / 'sangdam.conf'}; }}\n",
        "utf-8",
    )
    done = tool("nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path))
    assert done.returncode == 0, done.stderr


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that nobody trusts; nginx reads it all the same."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(private.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(private.private_bytes(pem, pkcs8, plain))
    return folder / "cert.pem", folder / "key.pem"
