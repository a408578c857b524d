"""진단: what the models are, trying them, who answers what, its cost and every setting."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from agent.llm.types import ChatMessage, Route, Step, Tag
from services.diagnostics import SettingRow
from store import llm_calls
from store.llm_calls import LlmCall
from store.models import to_text
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table
from tests.pages import press, shown
from ui import diagnostics_settings, diagnostics_tables, diagnostics_trial, diagnostics_usage

ADMIN = "admin@example.com"
SECRET = "sk-proj-abcdefghijkl-9876"
HOSTILE = "안녕하세요 <script>alert(1)</script> **굵게** :red[빨강]"


@pytest.fixture
def models():
    with LLMServer(Reply(HOSTILE, usage=(31, 9, 0))) as server:
        yield server


@pytest.fixture
def configure(desk):
    """Put ``[llm]`` tables over the shipped ones before the page is opened."""

    def _configure(**llm: object) -> None:
        desk.settings = desk.settings.replace(llm=llm)

    yield _configure
    desk.llm.gateway.close()


@pytest.fixture
def one(configure, models):
    row = providers_table(models, "openai") | {"api_key": SECRET}
    configure(providers={"one": row}, local=["one"])


def opened(open_page, **query: str) -> AppTest:
    return open_page("diagnostics", ADMIN, **query)


@pytest.mark.parametrize("email", ["minji@example.com", "staff@example.com", None])
def test_it_is_for_admins_only(open_page, one, models, email):
    at = open_page("diagnostics", email)
    assert "모델" not in shown(at)
    assert not [button for button in at.button if str(button.key).startswith("diag")]


def test_without_a_model_it_says_what_answers_and_how_to_turn_one_on(open_page):
    at = opened(open_page)
    assert "모델 없이 준비된 문구로 답하고 있어요" in shown(at)
    assert "SANGDAM_LLM_OLLAMA_MODEL" in at.code[0].value
    assert not at.error
    assert "쓰지 않는 곳" in at.expander[-1].label
    assert "SANGDAM\\_LLM\\_ANTHROPIC\\_API\\_KEY" in shown(at)
    assert not [button for button in at.button if str(button.key).startswith("diag-probe")]


@pytest.mark.parametrize("view", ["models", "routes", "usage", "settings"])
def test_opening_it_asks_nobody(open_page, one, models, view):
    at = opened(open_page, view=view)
    assert "모델 서버 1곳을 쓰고 있고, 알려진 문제는 없어요" in shown(at)
    assert not models.asked
    assert not models.listed


def test_a_connection_shows_the_models_and_whether_ours_is_among_them(open_page, one, models):
    models.models = ["tiny", *(f"model-{n}" for n in range(9))]
    at = opened(open_page)
    assert f"`{models.base_url('openai')}`" in shown(at)
    assert ":green-badge[:material/check_circle: 설정됨] **one**" in shown(at)
    press(at, "연결 확인")
    assert "**연결됐어요.**" in shown(at)
    assert ":green-badge[:material/check_circle: 연결됨] **one**" in shown(at)
    assert "모델 10개" in [found.label for found in at.expander]
    assert "목록에 없어요" not in shown(at)
    models.models = ["other"]
    press(at, "연결 확인")
    assert "설정한 모델이 이 서버의 목록에 없어요: tiny" in shown(at)
    assert len(models.listed) == 2
    press(at, "새로 고침")
    assert "연결됐어요" not in shown(at)
    assert len(models.listed) == 2


def test_a_failed_connection_says_what_happened_and_what_to_do(open_page, configure):
    with nobody_there() as url:
        configure(providers={"one": providers_table(url, "openai")}, local=["one"])
        at = press(opened(open_page), "연결 확인")
    text = shown(at)
    assert "**연결하지 못했어요.** 서버에 연결하지 못했어요" in text
    assert "one 서버가 켜져 있는지" in text
    assert ":red-badge[:material/error: 연결 안 됨] **one**" in text
    assert "모델 서버 1곳 중 1곳에 문제가 있어요: one" in text
    assert "멈추기" not in [button.label for button in at.button]


def test_a_generation_shows_the_words_as_they_are_and_is_entered_in_the_books(
    open_page, one, models
):
    at = opened(open_page)
    at.text_input(key="diag-prompt").set_value("반가워요").run()
    press(at, "생성 확인")
    assert [found.value for found in at.text] == [HOSTILE]
    assert "<script>" not in "".join(found.value for found in at.markdown)
    text = shown(at)
    assert "**문장을 만들었어요.**" in text
    assert "토큰 입력 31 · 출력 9" in text
    assert "비용 모름" in text
    assert models.asked[0].body["messages"][-1]["content"] == "반가워요"
    at = opened(open_page, view="usage")
    assert "| 진단 | 1 | 0 | 31 | 9 | 모름 |" in shown(at)
    assert "1번은 가격표에 없는 모델이라" in shown(at)


def test_a_failed_generation_turns_the_light_and_keeps_the_key(open_page, one, models):
    models.say(Reply(status=401))
    at = press(opened(open_page), "생성 확인")
    text = shown(at)
    assert "**문장을 받지 못했어요.** 키를 받아 주지 않았어요" in text
    assert "SANGDAM\\_LLM\\_ONE\\_API\\_KEY" in text
    assert ":orange-badge[" in text
    assert "모델 서버 1곳 중 1곳에 문제가 있어요: one" in text
    assert SECRET not in text
    models.say(Reply("네"))
    press(at, "생성 확인")
    text = shown(at)
    assert "지난 문제: 키를 받아 주지 않았어요" in text
    assert "자세히: " in text  # the server's own words
    assert SECRET not in text


def test_a_server_that_cuts_prompts_in_silence_is_told(open_page, desk, one, models):
    models.say(Reply("네.", usage=(9, 2, 0)))
    gateway = desk.llm.gateway
    long = [ChatMessage("user", "가" * 2000)]
    list(gateway.complete(Route("test", (Step("one", "tiny"),)), long, tag=Tag("test")))
    assert "자세히: 보낸 글 약 2,000토큰 가운데 9토큰만" in shown(opened(open_page))


def test_half_a_sentence_is_told(open_page, one, models):
    models.say(Reply(fault="cut"))
    at = press(opened(open_page), "생성 확인")
    assert "쓰던 도중에 끊겼어요" in shown(at)
    assert not at.text


def test_a_silent_model_is_left_and_hears_of_it(open_page, one, models, monkeypatch):
    monkeypatch.setattr(diagnostics_trial, "LONGEST_S", 1.0)
    models.say(Reply(fault="no_reply"))
    at = press(opened(open_page), "생성 확인")
    assert "정해진 시간 안에 답하지 않았어요" in shown(at)
    assert models.gone.wait(3)


def test_a_server_without_model_names_shows_no_empty_marks(open_page, configure):
    configure(providers={"midm": {"base_url": "http://127.0.0.1:9"}})
    text = shown(opened(open_page))
    assert "모델 이름 없이 물어봐요" in text
    assert "****" not in text  # Markdown makes a line across the card of it
    assert "| **midm** |" in shown(opened(open_page, view="routes"))


def test_routes_for_every_intent_with_who_is_passed_over(open_page, one):
    at = opened(open_page, view="routes")
    text = shown(at)
    assert "| 주문 확인 :gray[:small[order\\_status]] | 주문 | **one:tiny** |" in text
    assert "| 상품 문의 :gray[:small[product\\_info]] | 상품 | :gray[준비된 문구] |" in text
    assert "anthropic(키 없음)" in text
    assert "| 의도 파악 :gray[:small[understand]] | **one:tiny** |" in text


def test_what_looks_wrong_stands_on_top(open_page, one, monkeypatch):
    for name in ("OPENAI_BASE_URL", "OLLAMA_HOST", "ANTHROPIC_API_KEY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://somewhere")
    at = opened(open_page)
    assert "확인할 것" in shown(at)
    assert "**OPENAI\\_BASE\\_URL** · 환경 변수에 다른 프로그램의 변수가 있어요" in shown(at)
    assert "SANGDAM\\_LLM\\_OLLAMA\\_BASE\\_URL에 적어 주세요" in shown(at)
    assert "가지 더 보기" in at.expander[0].label
    assert "http://somewhere" not in shown(at)


def test_settings_are_searched_and_those_of_the_shop_picked_out(open_page, one):
    at = opened(open_page, view="settings")
    assert "| turns\\_per\\_minute | 60 |" in shown(at)
    at.text_input(key="diagnostics-q").set_value("one api_key").run()
    text = shown(at)
    assert "설정 1개" in text.replace(" 중 1개", " 설정 1개")
    assert "가림 · 끝 4자리 9876" in text
    assert SECRET not in text
    assert "one api_key" in at.query_params["q"]
    at = opened(open_page, view="settings", which="changed")
    text = shown(at)
    assert "| llm\\.providers\\.one\\.model | **tiny** |" in text
    assert "turns\\_per\\_minute" not in text
    assert ":blue-badge[sangdam\\.toml]" in text
    at.text_input(key="diagnostics-q").set_value("그런 설정은 없어요").run()
    assert "조건에 맞는 설정이 없어요" in shown(at)
    press(at, "조건 지우기")
    assert "조건에 맞는 설정이 없어요" not in shown(at)
    assert "turns\\_per\\_minute" in shown(at)


def test_a_long_list_is_cut_and_goes_on(open_page, desk):
    at = opened(open_page, view="settings")
    rows = shown(at).count("\n| ")
    assert rows == diagnostics_settings.PAGE + 2  # with the head
    [more] = [button for button in at.button if button.key == "diag-more"]
    more.click().run()
    assert shown(at).count("\n| ") > rows


def test_nothing_used_yet(open_page):
    assert "모델에 물어본 적이 없어요" in shown(opened(open_page, view="usage"))


def test_the_days_are_added_up(open_page, desk, clock):
    def call(**more: object) -> LlmCall:
        at = to_text(clock())
        return LlmCall("compose", "ollama", "qwen", at, input_tokens=1000, **more)

    with desk.database.write() as tx:
        llm_calls.add(tx, call(output_tokens=20, cost_usd=0.25))
        llm_calls.add(tx, call(cost_usd=None, cached_tokens=700, error="timeout"))
    clock.pass_(days=2)
    with desk.database.write() as tx:
        llm_calls.add(tx, call(cost_usd=1.0))
    text = shown(opened(open_page, view="usage"))
    assert "| qwen · ollama | 3 | 1 | 3,000 | 20 | \\$1\\.25 이상 |" in text
    assert "| 11월 20일\\(금\\) | 2 | 1 | 2,000 | 20 | \\$0\\.2500 이상 |" in text
    assert "700개는 캐시에서" in text
    text = shown(opened(open_page, view="usage", days="1"))
    assert "| 답변 쓰기 | 1 | 0 | 1,000 | 0 | \\$1\\.00 |" in text
    assert "날짜별" not in text


# ── the parts ────────────────────────────────────────────────────────────────────────────


def test_rows_are_matched_by_every_word_group_and_origin():
    rows = [
        SettingRow("port", "9000", "environment", (), "TCP 포트", "서버"),
        SettingRow("host", "127.0.0.1", "default", (), "주소", "서버"),
        SettingRow("seed", "1", "default", (), "난수", "계정"),
    ]

    def names(words: str = "", group: str | None = None, *, changed: bool = False) -> list[str]:
        found = diagnostics_settings.matching(rows, words, group, changed=changed)
        return [row.name for row in found]

    assert names() == ["port", "host", "seed"]
    assert names("tcp PORT") == ["port"]
    assert names("127 난수") == []
    assert names(group="서버") == ["port", "host"]
    assert names(changed=True) == ["port"]


def test_data_becomes_no_link_and_no_markup():
    joiner = "\u2060"
    assert diagnostics_tables.data("http://a.b") == f"http:{joiner}//a\\.b"
    assert diagnostics_tables.data("me@a.b www.a.b") == f"me@{joiner}a\\.b www{joiner}\\.a\\.b"
    assert diagnostics_tables.data("a|b\n# c") == "a\\|b \\# c"
    assert diagnostics_tables.address("http://a/`b`|c") == "`http://a/%60b%60%7Cc`"
    assert diagnostics_tables.address("") == ""


@pytest.mark.parametrize(
    ("usd", "said"),
    [(0, "\\$0\\.00"), (0.00012, "\\$0\\.000120"), (0.5, "\\$0\\.5000"), (1234.5, "\\$1,234\\.50")],
)
def test_money(usd, said):
    assert diagnostics_tables.money(usd) == said


def test_sums_keep_the_order_and_add_every_figure():
    def row(model: str, **more: float) -> SimpleNamespace:
        return SimpleNamespace(model=model, **{**dict.fromkeys(diagnostics_usage.SUMS, 1), **more})

    found = diagnostics_usage.sums([row("b"), row("a", cost_usd=2.5), row("b")], lambda r: r.model)
    assert list(found) == ["b", "a"]
    assert found["b"]["calls"] == 2
    assert found["a"]["cost_usd"] == 2.5
