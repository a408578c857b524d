"""One language of state: every state has one word, one colour, one icon."""

from __future__ import annotations

import pytest
from streamlit.material_icon_names import ALL_MATERIAL_ICONS
from streamlit.testing.v1 import AppTest

from agent.shop import words
from agent.shop.claims import TRANSITIONS
from ui import pictures, states

ALL = [(kind, name) for kind, table in states.STATES.items() for name in table]


def test_every_word_of_the_shop_has_its_looks():
    assert set(states.STATES["order"]) == set(words.ORDER_STATUS)
    assert set(states.STATES["claim"]) == set(words.CLAIM_STATUS)
    assert set(states.STATES["ticket"]) == set(words.TICKET_STATUS)
    assert set(states.STATES["priority"]) == set(words.PRIORITY)
    assert set(states.STATES["sentiment"]) == set(words.SENTIMENT)


def test_every_state_a_claim_can_reach_is_there():
    reached = {to for table in TRANSITIONS.values() for row in table.values() for to in row}
    assert reached <= set(states.STATES["claim"])


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_icons_come_with_streamlit(kind, name):
    assert states.state_of(kind, name).icon in ALL_MATERIAL_ICONS


@pytest.mark.parametrize("kind", list(states.STATES))
def test_no_two_states_of_a_kind_share_word_or_icon(kind):
    table = states.STATES[kind].values()
    assert len({state.word for state in table}) == len(table)
    assert len({state.icon for state in table}) == len(table)


def test_an_unknown_state_shows_its_name():
    assert states.state_of("order", "lost") == states.State("lost", "gray", "help")


def test_chip_and_badge_say_the_same():
    def script() -> None:
        from ui import states

        states.badge("claim", "approved", prefix="반품 ")

    at = AppTest.from_function(script).run()
    assert at.markdown[0].value == states.chip("claim", "approved", prefix="반품 ")


def test_every_product_of_the_catalogue_has_a_picture(shop, guest):
    found = shop.tool(guest, "search_products", limit=500).matches
    emoji = {match.product.emoji.replace("\ufe0f", "") for match in found}
    assert emoji <= set(pictures.ICONS)
    assert set(pictures.ICONS.values()) <= ALL_MATERIAL_ICONS


def test_an_unknown_picture_is_shown_as_it_is():
    assert "🦖" in pictures.picture("🦖")
    assert "package_2" in pictures.picture("")
