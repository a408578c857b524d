"""Pages run whole by Streamlit's AppTest: what they show, and pressing their buttons."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

__all__ = ["press", "shown"]


def shown(at: AppTest) -> str:
    """Every text of the page that is no title and no button."""
    kinds = (at.markdown, at.caption, at.text, at.info, at.warning, at.error, at.success)
    return "\n".join(str(one.value) for kind in kinds for one in kind)


def press(at: AppTest, label: str, number: int = 0) -> AppTest:
    """Press the ``number``-th button of that label."""
    [button for button in at.button if button.label == label][number].click().run()
    assert not at.exception
    return at
