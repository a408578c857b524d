"""Prompts and reply templates: one Markdown file an intent, and ``_common.md``.

The front matter holds ``replies`` (name → Korean template, see ``agent.korean.Template``);
the text below it instructs a language model that phrases the reply, when one is configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.korean import Template

__all__ = ["Prompt", "Prompts"]

COMMON = "_common"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One file: its replies and the instruction below them."""

    replies: dict[str, Template]
    instruction: str


class Prompts:
    """All files, looked up by intent with ``_common`` behind each."""

    def __init__(self, prompts: dict[str, Prompt]) -> None:
        self._prompts = prompts

    @classmethod
    def load(cls, folder: Path) -> Prompts:
        """Read every ``*.md`` of ``folder``. Raises ValueError naming a file that is wrong."""
        return cls({path.stem: _read(path) for path in sorted(folder.glob("*.md"))})

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents that have a file."""
        return tuple(name for name in self._prompts if name != COMMON)

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


def _read(path: Path) -> Prompt:
    text = path.read_text("utf-8")
    if not text.startswith("---\n") or "\n---\n" not in text:
        raise ValueError(f"{path.name}: front matter between two '---' lines is missing")
    head, _, body = text[4:].partition("\n---\n")
    replies = (yaml.safe_load(head) or {}).get("replies", {})
    return Prompt({name: Template(reply) for name, reply in replies.items()}, body.strip())
