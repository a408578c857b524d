"""The documents' examples run as they stand, and the documents leave nothing out."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import errors
from api.problems import _CODES
from tests.api.conftest import Api
from tests.api.test_openapi import OPERATIONS
from tests.conftest import ROOT
from tests.docs import blocks, text

END = "\x1e"
SAME = {"status", "status_ko", "code", "kind", "role", "intent", "mode", "mode_used", "token_type",
        "title", "section", "product_id", "allowed_actions", "tools_used", "fee_label"}  # fmt: skip
# Commands of the operator, other programs' errors, and what a turn tells in words.
NOT_OVER_HTTP = (
    "agent/terminal", "agent/weather_client.py", "agent/tools/weather.py",
    "retrieval", "store/account_command.py", "store/archive.py", "store/backup.py", "store/imports",
    "store/seed", "store/transfer.py",
)  # fmt: skip
# Tools no route runs (the desk's pages do, or a turn, which tells it in words); a page's keys.
NOT_OF_A_ROUTE = {
    "not_shipped",
    "claim_leaned_on",
    "guest_lookup_locked",
    "cancel_approved",
    "name_taken",
    "not_resolved",
    "claim_over",
    "not_a_demo_account",
    "not_in_reply",
    "triage_model_unavailable",
}
# Codes that are put together, where they are, and what they may be.
COMPUTED = {
    "errors.py": {f"model_{kind}" for kind in errors.LLM_KINDS},
    "services/turns.py": {"busy", "stopping"},
    "services/limits.py": {"rate_limited", "too_many_sign_ins"},
}  # fmt: skip


needs_shell = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="apt-get install curl jq"
)


def environment(folder: Path) -> dict[str, str]:
    """A reader's: no proxy, and curl tells each status on stderr."""
    (folder / ".curlrc").write_text('write-out = "%{stderr}HTTP %{http_code} %{url}\\n"\n')
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(folder), "CURL_HOME": str(folder), "NO_PROXY": "*",
            "PYTHONUTF8": "1"}  # fmt: skip


def run(command: list[str], script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        command, input=script, env=environment(folder), cwd=folder, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:] + found.stdout[-1000:]
    return found


def json_of(printed: str) -> list[dict[str, Any]]:
    """Every JSON object of a block's output, in order."""
    found, decoder = [], json.JSONDecoder()
    while (at := printed.find("{")) >= 0:
        value, end = decoder.raw_decode(printed[at:])
        found.append(value)
        printed = printed[at + end :]
    return found


def alike(shown: Any, real: Any, at: str = "") -> None:
    """What a document shows is there in the real answer: fields, types, and stable words."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), at
        for name, value in shown.items():
            assert name in real, f"{at}.{name}"
            alike(value, real[name], f"{at}.{name}")
        return
    if isinstance(shown, list):
        assert isinstance(real, list), at
        assert len(shown) <= len(real), at
        if at.rpartition(".")[2] in SAME and "…" not in str(shown):
            assert shown == real, at
        for one, other in zip(shown, real, strict=False):
            alike(one, other, f"{at}[]")
        return
    number = isinstance(shown, int | float) and not isinstance(shown, bool)
    kinds = (int, float) if number else type(shown)
    assert isinstance(real, kinds), f"{at}: {real!r} is not like {shown!r}"
    if at.rpartition(".")[2] in SAME and not re.search(r"\d{3}|…", str(shown)):
        assert real == shown, at


@needs_shell
def test_the_shells_examples(api: Api, tmp_path: Path) -> None:
    parts = blocks("api.md", "bash", "json", "text", server=api.url)
    shells = [one for one in parts if one.language == "bash"]
    script = "".join(f"{one.code}printf '{END}'\n" for one in shells)
    found = run(["bash", "-eu", "-s"], script, tmp_path)
    printed = dict(zip((one.line for one in shells), found.stdout.split(END), strict=False))
    compared = 0
    for block, shown in pairwise(parts):
        if block.language == "bash" and shown.language == "json":
            real = json_of(printed[block.line])
            assert real, f"line {block.line} printed no JSON"
            alike(json.loads(shown.code), real[-1], f"line {shown.line}: ")
            compared += 1
        if block.language == "bash" and shown.language == "text":
            named = re.sub(r"[st]_[\w-]{8,}", lambda m: f"{m[0][:2]}…", printed[block.line])
            assert named.strip() == shown.code.strip()
    assert compared >= 18
    statuses = re.findall(r"HTTP (\d+) (\S+)", found.stderr)
    assert len(statuses) >= 45
    refused = sorted(status for status, _ in statuses if status >= "400")
    assert refused == ["401", "401", "404", "409", "409"], statuses
    assert "204\n204" in found.stdout
    assert "idempotency-replayed: true" in found.stdout


def test_pythons_examples(api: Api, tmp_path: Path) -> None:
    code = "".join(
        f"{one.code}\nprint('{END}')\n" for one in blocks("api.md", "python", server=api.url)
    )
    printed = run([sys.executable, "-W", "error", "-"], code, tmp_path).stdout.split(END)[:-1]
    assert len(printed) >= 5
    assert all(one.strip() for one in printed)
    whole = "".join(printed)
    assert "고객이 냅니다" in printed[0]
    assert "고객이 냅니다" in printed[-1]  # the stream that was lost and taken up again
    assert whole.count("결제완료") == 2  # all pages, each order once
    assert "image/jpeg" in whole


@needs_shell
def test_the_examples_for_openais_clients(api: Api, tmp_path: Path) -> None:
    [shell] = [one.code for one in blocks("openai.md", "sh", server=api.url) if "curl" in one.code]
    assert "고객이 냅니다" in run(["bash", "-eu", "-s"], shell, tmp_path).stdout
    [make] = [one.code for one in blocks("openai.md", "sh") if "keys create" in one.code]
    in_shop = f"export SANGDAM_DATA_DIR='{api.shop.settings.data_dir}'; cd '{ROOT}'\n"
    command = make.replace("python", sys.executable, 1)
    key = run(["bash", "-eu", "-s"], in_shop + command, tmp_path).stdout.strip()
    assert key.startswith("sk-sangdam-")
    [client] = [one.code for one in blocks("openai.md", "python", server=api.url)]
    code = client.replace("sk-sangdam-…", key) + "print(reply.choices[0].message.content)\n"
    assert "20261119-0000394" in run([sys.executable, "-"], code, tmp_path).stdout


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_in_a_document(operation: str) -> None:
    assert f"`{operation}`" in text("api.md") + text("openai.md")


def strings(node: ast.AST) -> Iterator[str]:
    """The texts an expression may be; none when it is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)


def codes_of(path: Path) -> set[str]:
    """Every code an error of a module is made with."""
    found: set[str] = set()
    name = str(path.relative_to(ROOT))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            for word in node.keywords:
                if word.arg == "code":
                    told = set(strings(word.value))
                    passed_on = ast.unparse(word.value) in (
                        "code",
                        "error.code",
                        "event.code",
                        "failure.code",
                        "first.code",
                    )
                    assert told or passed_on or name in COMPUTED, f"{name}: {ast.unparse(node)}"
                    found |= told
            if getattr(node.func, "id", "") in ("answer", "ErrorEvent"):
                found |= {one for part in node.args for one in strings(part)
                          if re.fullmatch(r"[a-z]+(_[a-z]+)+", one)}  # fmt: skip
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "code":
                    found |= set(strings(part.value))
    return found


def codes() -> dict[str, str]:
    """Every code that an answer may have, with a module that makes it."""
    found = dict.fromkeys(_CODES.values(), "api/problems.py")
    places = [ROOT / "errors.py"]
    for folder in ("agent", "api", "services", "store", "retrieval", "vision"):
        places += (ROOT / folder).rglob("*.py")
    for path in places:
        name = str(path.relative_to(ROOT))
        if not name.startswith(NOT_OVER_HTTP) and path.name != "__main__.py":
            found |= dict.fromkeys(codes_of(path) | COMPUTED.get(name, set()), name)
    return {code: name for code, name in found.items() if code not in NOT_OF_A_ROUTE}


def test_every_code_is_in_the_table_and_none_too_many() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\d{3}) \|", text("api.md"), re.MULTILINE)
    told = {code: int(status) for words, status in rows for code in re.findall(r"\w+", words)}
    made = codes()
    assert {code: name for code, name in made.items() if code not in told} == {}
    assert {code for code in told if code not in made} == set()
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert told[kind.code] == kind.http_status
