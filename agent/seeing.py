"""A turn's eyes: the language model that looks at its photos, entered in the turn's books."""

from __future__ import annotations

from agent.desk import Desk, State
from agent.llm import Tag
from agent.llm.roles.inspect_photo import PhotoReader

__all__ = ["photo_reader"]


def photo_reader(desk: Desk, state: State) -> PhotoReader | None:
    """Who may be asked what a photo of this turn shows; None where no model is configured."""
    if desk.llm is None or not desk.llm.configured:
        return None
    instruction = desk.prompts.purpose("inspect")
    tag = Tag(
        "inspect", instruction.version, state.turn_id, state.conversation.conversation_id
    )  # fmt: skip
    return PhotoReader(desk.llm, instruction, tag, state.spend, state.cancel)
