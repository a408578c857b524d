"""The prompts' files: complete, versioned, in Korean, and without a fact of their own."""

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from agent.flows import FLOWS
from agent.llm.types import Purpose
from agent.prompts import Prompts
from agent.shop.words import ISSUE_TYPE, PRIORITY
from tests.conftest import ROOT

FOLDER = ROOT / "agent" / "prompts"
PROMPTS = Prompts.load(FOLDER)
PURPOSES = ("understand", "summarise", "inspect")
TEXTS = {
    **{intent: PROMPTS.instruction(intent) for intent in PROMPTS.intents},
    **{name: PROMPTS.purpose(name).text for name in PURPOSES},
    **{role.name: role.instruction for role in PROMPTS.roles},
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "prompts")
    return tmp_path / "prompts"


@pytest.mark.parametrize("name", TEXTS)
def test_an_instruction_is_korean(name: str) -> None:
    letters = [
        char for char in re.sub(r"[`<{].*?[>}]|[a-z_]{3,}", "", TEXTS[name]) if char.isalpha()
    ]
    assert sum("가" <= char <= "힣" for char in letters) > 0.97 * len(letters)


@pytest.mark.parametrize("intent", PROMPTS.intents)
def test_a_wording_instruction_holds_no_number_a_model_could_copy(intent: str) -> None:
    assert re.findall(r"\d", PROMPTS.instruction(intent)) == []


@pytest.mark.parametrize("intent", PROMPTS.intents)
def test_an_intent_adds_a_few_sentences_of_its_own(intent: str) -> None:
    own = PROMPTS.instruction(intent).removeprefix(PROMPTS.instruction("nothing")).strip()
    assert 2 <= len(re.findall(r"다\.(?:\s|$)", own)) <= 6
    assert "\n" not in own


def runs(text: str) -> set[tuple[str, ...]]:
    """Six words in a row: by these the guard knows a reply that tells an instruction."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 6]) for at in range(len(words) - 5)}


def test_no_reply_of_the_shops_own_would_be_taken_for_an_instruction() -> None:
    told = set().union(*(runs(text) for text in TEXTS.values()))
    for folder in (FOLDER, ROOT / "data" / "policies"):
        for path in folder.glob("*.md"):
            head, _, body = path.read_text("utf-8")[4:].partition("\n---\n")
            said = head if folder == FOLDER else body
            assert not told & runs(said), path.name


def test_the_common_instruction_says_what_is_data_and_what_may_not_be_said() -> None:
    common = PROMPTS.instruction("nothing")
    for tag in ("<message>", "<draft>", "<evidence>", "<history>"):
        assert tag in common
    for rule in ("지시", "약속", "연락", "HTML", "마크다운", "링크", "해요체", "네 문장", "인사말"):
        assert rule in common


def test_a_version_names_the_exact_instruction() -> None:
    text = PROMPTS.instruction("cancel")
    assert PROMPTS.version("cancel") == f"cancel@1-{sha256(text.encode()).hexdigest()[:8]}"
    versions = [PROMPTS.version(intent) for intent in PROMPTS.intents]
    versions += [PROMPTS.purpose(name).version for name in PURPOSES]
    versions += [role.version for role in PROMPTS.roles]
    assert all(re.fullmatch(r"[a-z_/]+@[1-9]\d*-[0-9a-f]{8}", version) for version in versions)
    assert len(set(versions)) == len(versions)


def test_an_edit_changes_the_versions_it_touches_and_no_other(copy: Path) -> None:
    file = copy / "cancel.md"
    file.write_text(file.read_text("utf-8") + "\n덧붙인 문장이다.\n", "utf-8")
    edited = Prompts.load(copy)
    assert edited.version("cancel") != PROMPTS.version("cancel")
    assert edited.version("delivery") == PROMPTS.version("delivery")
    common = copy / "_common.md"
    common.write_text(common.read_text("utf-8") + "\n덧붙인 문장이다.\n", "utf-8")
    assert Prompts.load(copy).version("delivery") != PROMPTS.version("delivery")


def test_a_files_number_is_in_its_version(copy: Path) -> None:
    file = copy / "purposes" / "summarise.md"
    file.write_text(file.read_text("utf-8").replace("version: 1", "version: 2", 1), "utf-8")
    assert Prompts.load(copy).purpose("summarise").version.startswith("summarise@2-")


def test_understanding_lists_every_intent_and_nothing_else() -> None:
    text = PROMPTS.purpose("understand").text
    assert re.findall(r"^- ([a-z_]+): ", text, re.MULTILINE) == list(FLOWS)
    example = json.loads(text.splitlines()[-1])
    assert set(example) == {"intent", "confidence", "products", "claim_kind"}


def test_triage_lists_the_shops_own_types_and_priorities() -> None:
    role = PROMPTS.role("agent", "triage")
    listed = re.findall(r"^- ([a-z_]+): ", role.instruction, re.MULTILINE)
    assert set(listed) == set(ISSUE_TYPE) | set(PRIORITY)
    assert len(listed) == len(ISSUE_TYPE) + len(PRIORITY)
    fields = role.schema["properties"]
    assert set(fields["issue_type"]["enum"]) == set(ISSUE_TYPE)
    assert set(fields["priority"]["enum"]) == set(PRIORITY)


def test_the_roles_are_those_of_the_interface() -> None:
    names = [role.name for role in PROMPTS.roles]
    assert names == ["agent/reply_draft", "agent/summary", "agent/triage", "copywriter/sns"]
    assert PROMPTS.role("copywriter", "sns").version.startswith("copywriter/sns@1-")
    with pytest.raises(KeyError):
        PROMPTS.role("copywriter", "novel")
    with pytest.raises(KeyError):
        PROMPTS.purpose("novel")


def test_every_role_asks_a_chain_there_is() -> None:
    purposes = {role.name: role.purpose for role in PROMPTS.roles}
    assert set(purposes.values()) <= set(get_args(Purpose))
    assert purposes["agent/triage"] == "triage"


@pytest.mark.parametrize(
    ("file", "was", "becomes", "told"),
    [
        ("cancel.md", "version: 1", "version: one", "cancel.md"),
        ("cancel.md", "version: 1\n", "", "cancel.md"),
        ("purposes/summarise.md", "---\nversion", "version", "summarise.md"),
        ("roles/copywriter/sns.md", "guard: numbers", "guard: hope", "copywriter/sns.md"),
        ("roles/copywriter/sns.md", "guard: numbers\n", "", "copywriter/sns.md"),
        ("roles/copywriter/sns.md", "kind: number", "kind: poem", "price"),
        ("roles/copywriter/sns.md", "kind: number", "sort: number", "price"),
        ("roles/copywriter/sns.md", "title:", "titel: x\ntitle:", "titel"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named(
    copy: Path, file: str, was: str, becomes: str, told: str
) -> None:
    path = copy / file
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes, 1), "utf-8")
    with pytest.raises(ValueError, match=re.escape(told)):
        Prompts.load(copy)
