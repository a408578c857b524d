"""Prompts and reply templates, each a Markdown file with a version.

``<intent>.md`` and ``_common.md`` word replies: the front matter holds ``replies`` (name →
Korean template, see ``agent.korean.Template``), the text below it instructs a language model
that words the reply. ``purposes/<name>.md`` instruct calls that are no reply's wording, and
``roles/<role>/<task>.md`` what staff can have generated (:mod:`agent.prompts.role`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from agent.korean import Template
from agent.prompts.role import Field, Role, read_role

__all__ = ["Field", "Instruction", "Prompt", "Prompts", "Role"]

COMMON = "_common"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One file: its replies, the instruction below them, and the file's version."""

    replies: Mapping[str, Template]
    instruction: str
    version: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a model is told, and under which version ("understand@1-3f0c9a1e")."""

    text: str
    version: str


class Prompts:
    """All files, looked up by intent with ``_common`` behind each."""

    def __init__(
        self,
        prompts: Mapping[str, Prompt],
        purposes: Mapping[str, Instruction] | None = None,
        roles: Mapping[str, Role] | None = None,
    ) -> None:
        self._prompts = prompts
        self._purposes = purposes or {}
        self._roles = roles or {}

    @classmethod
    def load(cls, folder: Path) -> Prompts:
        """Read every file under ``folder``. Raises ValueError naming a file that is wrong."""
        prompts = {path.stem: _prompt(path) for path in sorted(folder.glob("*.md"))}
        purposes = dict(_purposes(folder / "purposes"))
        return cls(prompts, purposes, dict(_roles(folder / "roles")))

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents that have a file."""
        return tuple(name for name in self._prompts if name != COMMON)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role's tasks, by name."""
        return tuple(self._roles.values())

    def templates(self) -> Iterator[str]:
        """The words of every reply template, their places left out."""
        for prompt in self._prompts.values():
            for template in prompt.replies.values():
                yield template.words

    def reply(self, intent: str, name: str, /, **values: Any) -> str:
        """The filled template ``name`` of ``intent``, or of ``_common``. Raises KeyError."""
        own = self._prompts[intent].replies if intent in self._prompts else {}
        template = own.get(name) or self._prompts[COMMON].replies[name]
        return template.fill(**values)

    def instruction(self, intent: str) -> str:
        """What a model is told before it phrases a reply of ``intent``."""
        parts = [self._prompts[COMMON].instruction]
        if intent in self._prompts:
            parts.append(self._prompts[intent].instruction)
        return "\n\n".join(parts)

    def version(self, intent: str) -> str:
        """The name of :meth:`instruction`'s exact text: "cancel@1-3f0c9a1e".

        The number is the file's own, the rest a hash of what the model is told, so that an
        edit nobody counted is told apart as well.
        """
        prompt = self._prompts.get(intent, self._prompts[COMMON])
        return _version(intent, prompt.version, self.instruction(intent))

    def purpose(self, name: str) -> Instruction:
        """The instruction of a purpose ("understand", …). Raises KeyError for another."""
        return self._purposes[name]

    def role(self, role: str, task: str) -> Role:
        """One role's task. Raises KeyError for one that is not there."""
        return self._roles[f"{role}/{task}"]


def _version(name: str, number: int, text: str) -> str:
    return f"{name}@{number}-{sha256(text.encode()).hexdigest()[:8]}"


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """A file's front matter, with its version, and the text below it."""
    text = path.read_text("utf-8")
    if not text.startswith("---\n") or "\n---\n" not in text:
        raise ValueError(f"{path.name}: front matter between two '---' lines is missing")
    head, _, body = text[4:].partition("\n---\n")
    front = yaml.safe_load(head)
    if not isinstance(front, dict) or not isinstance(front.get("version"), int):
        raise ValueError(f"{path.name}: the front matter needs a whole number as version")
    if not body.strip():
        raise ValueError(f"{path.name}: the instruction below the front matter is missing")
    return front, body.strip()


def _prompt(path: Path) -> Prompt:
    front, body = _read(path)
    replies = {name: Template(reply) for name, reply in front.get("replies", {}).items()}
    return Prompt(replies, body, front["version"])


def _purposes(folder: Path) -> Iterator[tuple[str, Instruction]]:
    for path in sorted(folder.glob("*.md")):
        front, body = _read(path)
        yield path.stem, Instruction(body, _version(path.stem, front["version"], body))


def _roles(folder: Path) -> Iterator[tuple[str, Role]]:
    for path in sorted(folder.glob("*/*.md")):
        front, body = _read(path)
        name = f"{path.parent.name}/{path.stem}"
        yield name, read_role(name, front, body, _version(name, front["version"], body))
