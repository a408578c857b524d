"""The settings table: which place wins, types, refusals that name the place, secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import settings
from errors import BadSetting
from settings import PREFIX, TABLE, Settings, load, streamlit_flags


def read(
    folder: Path, environment: dict[str, str] | None = None, *, env: str = "", toml: str = ""
) -> Settings:
    """Settings from these places only."""
    (folder / ".env").write_text(env, "utf-8")
    (folder / "sangdam.toml").write_text(toml, "utf-8")
    return load(environment or {}, env_file=folder / ".env", toml_file=folder / "sangdam.toml")


def test_the_defaults_are_the_tables(tmp_path: Path) -> None:
    plain = read(tmp_path)
    for row in TABLE:
        assert getattr(plain, row.name) == row.default
        assert type(getattr(plain, row.name)) is type(row.default)
        assert plain.origin(row.name) == "default"


def test_environment_wins_over_env_file_over_toml_over_default(tmp_path: Path) -> None:
    environment, env, toml = {"SANGDAM_PORT": "1"}, "SANGDAM_PORT=2", "port = 3"
    places = [
        read(tmp_path, environment, env=env, toml=toml),
        read(tmp_path, env=env, toml=toml),
        read(tmp_path, toml=toml),
        read(tmp_path),
    ]
    assert [place.port for place in places] == [1, 2, 3, 8501]
    origins = [place.origin("port") for place in places]
    assert origins == ["environment", ".env", "sangdam.toml", "default"]


def test_each_value_has_an_origin_of_its_own(tmp_path: Path) -> None:
    mixed = read(
        tmp_path, {"SANGDAM_DEMO": "off"}, env="SANGDAM_SEED=7", toml="shipping_fee_krw = 2500"
    )
    assert (mixed.demo, mixed.seed, mixed.shipping_fee_krw) == (False, 7, 2500)
    names = ("demo", "seed", "shipping_fee_krw", "host")
    assert [mixed.origin(name) for name in names] == [
        "environment", ".env", "sangdam.toml", "default",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1", "true", "YES", " on "])
def test_words_for_true(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, {"SANGDAM_DEMO_ON_ANY_HOST": text}).demo_on_any_host is True


@pytest.mark.parametrize("text", ["0", "False", "no", "OFF"])
def test_words_for_false(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, {"SANGDAM_DEMO": text}).demo is False


@pytest.mark.parametrize("toml", ["demo = false", "demo = 0", 'demo = "no"'])
def test_toml_values_are_converted_like_text(tmp_path: Path, toml: str) -> None:
    assert read(tmp_path, toml=toml).demo is False


@pytest.mark.parametrize(
    ("name", "text"),
    [("port", "eighty"), ("port", "-1"), ("port", "8.5"), ("port", ""), ("port", "1e3"),
     ("demo", "maybe"), ("demo", ""), ("demo", "2")],
)  # fmt: skip
def test_a_bad_value_is_refused_by_name_value_and_origin(
    tmp_path: Path, name: str, text: str
) -> None:
    key = PREFIX + name.upper()
    for environment, env, origin in (
        ({key: text}, "", "environment"),
        ({}, f"{key}={text}", ".env"),
    ):
        with pytest.raises(BadSetting) as caught:
            read(tmp_path, environment, env=env)
        assert name in caught.value.message
        assert repr(text) in caught.value.message
        assert f"({origin})" in caught.value.message


@pytest.mark.parametrize("toml", ["port = true", "port = 8.5", 'port = "x"', "port = [1]"])
def test_a_bad_toml_value_names_the_file(tmp_path: Path, toml: str) -> None:
    with pytest.raises(BadSetting, match=r"port.*sangdam\.toml"):
        read(tmp_path, toml=toml)


BAD_WORDS = [
    ("log_format", "xml", "text, json"),
    ("log_format", "", "text, json"),
    ("log_level", "loud", "debug, info, warning, error"),
    ("v1_key_required", "true", "auto, yes, no"),
    *(("trusted_proxies", text, "10.0.0.0/8")
      for text in ("proxy.internal", "10.0.0.0/33", "10.0.0.1 10.0.0.2", "10.0.0.1,*", "1.2.3")),
    *(("cors_origins", text, "https://shop.example.com")
      for text in ("shop.example.com", "https://shop.example.com/", "ftp://a.example", "https://",
                   "https://*.example.com", "*,https://a.example", "https://a@b.example", "null",
                   "https://a.example:port", "https://[::1", "https://A.example", "//a.example",
                   "https://a.example https://b.example", "https://a.example?x=1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), BAD_WORDS)
def test_a_word_of_no_use_is_refused_with_what_would_be(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        read(tmp_path, {PREFIX + name.upper(): text})
    assert name in caught.value.message
    assert told in caught.value.message
    assert repr(text) in caught.value.message
    assert caught.value.message.endswith("적어 주세요.")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("log_format", "json", "json"),
        ("log_level", " WARNING ", "warning"),
        ("v1_key_required", "Yes", "yes"),
        ("trusted_proxies", "", ""),
        ("trusted_proxies", "127.0.0.1, 10.0.0.0/8,2001:db8::/32, ::1", None),
        ("cors_origins", "*", "*"),
        ("cors_origins", "https://shop.example.com, http://127.0.0.1:3000,http://[::1]:8", None),
    ],
)
def test_words_that_fit(tmp_path: Path, name: str, text: str, value: str | None) -> None:
    found = getattr(read(tmp_path, {PREFIX + name.upper(): text}), name)
    assert found == (text if value is None else value)


def test_choices_hold_the_default_and_nothing_else_is_checked_twice() -> None:
    for row in TABLE:
        assert not row.choices or row.default in row.choices
        assert not (row.choices and row.check)


@pytest.mark.parametrize(("start", "end"), [(9, 9), (18, 9), (9, 25), (24, 24), (0, 0)])
def test_a_desk_that_never_opens_is_refused(tmp_path: Path, start: int, end: int) -> None:
    with pytest.raises(BadSetting) as caught:
        read(tmp_path, toml=f"business_hours_start = {start}\nbusiness_hours_end = {end}")
    for told in ("business_hours_start", "business_hours_end", str(start), str(end), "24"):
        assert told in caught.value.message
    day = read(tmp_path, toml="business_hours_start = 0\nbusiness_hours_end = 24")
    assert (day.business_hours_start, day.business_hours_end) == (0, 24)


def test_unknown_names_of_the_toml_file_are_all_told(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        read(tmp_path, toml="prot = 1\nport = 2\nhots = 'x'")
    assert "hots, prot" in caught.value.message


def test_a_table_in_the_toml_file_is_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="server"):
        read(tmp_path, toml="[server]\nport = 1")


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe"])
def test_a_toml_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sangdam.toml").write_bytes(content)
    with pytest.raises(BadSetting, match=r"sangdam\.toml"):
        load({}, env_file=tmp_path / "none", toml_file=tmp_path / "sangdam.toml")


def test_foreign_names_in_the_environment_do_not_matter(tmp_path: Path) -> None:
    foreign = {"PORT": "1", "SANGDAM_NOTHING": "2", "sangdam_port": "3"}
    assert read(tmp_path, foreign).port == 8501


def test_secrets_are_not_shown_when_settings_are_printed(tmp_path: Path) -> None:
    secret = "sk-very-secret"
    mine = read(tmp_path, {"SANGDAM_LLM_OPENAI_API_KEY": secret})
    assert mine.llm[0] == ("environment", {"providers": {"openai": {"api_key": secret}}})
    assert secret not in f"{mine!r} {mine}"


def test_a_value_tells_what_it_hides_and_where(tmp_path: Path) -> None:
    key = "SANGDAM_PORT"
    mine = read(tmp_path, {key: "9000"}, env=f"{key}=9001", toml="port = 9002")
    assert mine.port == 9000
    assert mine.shadowed("port") == ((".env", "9001"), ("sangdam.toml", 9002), ("default", 8501))
    assert mine.shadowed("host") == mine.shadowed("prot") == ()
    assert mine.replace(port=1).shadowed("port") == mine.shadowed("port")


def test_the_models_tables_come_from_every_place_the_strongest_first(tmp_path: Path) -> None:
    mine = read(
        tmp_path,
        {"SANGDAM_LLM_OLLAMA_MODEL": " exaone ", "SANGDAM_LLM_MY_BOX_KIND": "openai",
         "SANGDAM_LLM_VLLM_MODEL": "", "SANGDAM_LLM_TOTAL_S": "30"},
        env="SANGDAM_LLM_OLLAMA_BASE_URL=http://10.0.0.5:11434\nSANGDAM_LLM_OLLAMA_TOOLS=1",
        toml="[llm.limits]\ntotal_s = 9\n[llm.providers.ollama]\nmodel = 'other'",
    )  # fmt: skip
    assert mine.llm == (
        ("environment", {"limits": {"total_s": "30"}, "providers": {
            "ollama": {"model": "exaone"}, "my_box": {"kind": "openai"}}}),
        (".env", {"providers": {"ollama": {"base_url": "http://10.0.0.5:11434"}}}),
        ("sangdam.toml", {"limits": {"total_s": 9}, "providers": {"ollama": {"model": "other"}}}),
    )  # fmt: skip
    assert read(tmp_path).llm[0] == ("environment", {})


def test_a_replaced_table_of_models_stands_before_what_was_read(tmp_path: Path) -> None:
    mine = read(tmp_path, toml="[llm.limits]\ntotal_s = 9")
    other = mine.replace(llm={"limits": {"total_s": 5}}, port=1)
    assert other.llm == (("sangdam.toml", {"limits": {"total_s": 5}}), *mine.llm)
    assert mine.llm[-1] == ("sangdam.toml", {"limits": {"total_s": 9}})


def test_a_relative_data_dir_is_below_the_project(tmp_path: Path) -> None:
    assert read(tmp_path).data_path == settings.ROOT / "var"
    assert read(tmp_path, {"SANGDAM_DATA_DIR": "a/b"}).data_path == settings.ROOT / "a" / "b"
    absolute = read(tmp_path, {"SANGDAM_DATA_DIR": str(tmp_path)})
    assert absolute.data_path == tmp_path
    assert read(tmp_path, {"SANGDAM_DATA_DIR": "~/shop"}).data_path == Path.home() / "shop"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("localhost", True), ("::1", True),
     ("0.0.0.0", False), ("::", False), ("192.168.0.2", False), ("", False),
     ("shop.example.com", False)],
)  # fmt: skip
def test_loopback(tmp_path: Path, host: str, loopback: bool) -> None:
    assert read(tmp_path, {"SANGDAM_HOST": host}).on_loopback is loopback


def test_the_flags_are_what_streamlit_must_be_told(tmp_path: Path) -> None:
    mine = read(tmp_path, {"SANGDAM_HOST": "0.0.0.0", "SANGDAM_PORT": "9000"})
    assert streamlit_flags(mine) == ["--server.address=0.0.0.0", "--server.port=9000"]


@pytest.mark.process
def test_the_module_prints_the_flags() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "settings"], capture_output=True, text=True, cwd=settings.ROOT,
        env={**os.environ, "SANGDAM_HOST": "127.0.0.1", "SANGDAM_PORT": "8765"}, check=True,
    )  # fmt: skip
    assert done.stdout == "--server.address=127.0.0.1 --server.port=8765\n"


def test_rules_are_the_numbers_the_documents_quote(tmp_path: Path) -> None:
    rules = read(tmp_path, toml="return_window_days = 14").rules()
    assert rules["return_window_days"] == 14
    assert {"port", "data_dir", "demo"}.isdisjoint(rules)
    assert set(rules) == {row.name for row in TABLE if row.rule}
    assert all(type(value) in (int, bool) for value in rules.values())


def test_every_rule_of_the_flows_has_a_setting_with_the_same_default(tmp_path: Path) -> None:
    from agent.shop.rules import Rules

    assert Rules.of(read(tmp_path).rules()) == Rules()


def test_settings_are_replaced_in_a_copy_only(tmp_path: Path) -> None:
    mine = read(tmp_path)
    assert mine.replace(port=1).port == 1
    assert mine.port == 8501
    with pytest.raises(KeyError):
        mine.replace(prot=1)
    with pytest.raises(AttributeError):
        mine.port = 2
    with pytest.raises(AttributeError, match="prot"):
        _ = mine.prot
    with pytest.raises(KeyError):
        mine.origin("prot")


def test_every_row_says_what_it_is_and_ends_in_its_unit() -> None:
    names = [row.name for row in TABLE]
    assert len(names) == len(set(names))
    assert all(row.help.endswith(".") for row in TABLE)


def test_a_bad_setting_stops_the_start_in_one_line() -> None:
    asked = subprocess.run(
        [sys.executable, "settings.py"], cwd=settings.ROOT, capture_output=True, text=True,
        env={**os.environ, "SANGDAM_PORT": "abc"}, check=False,
    )  # fmt: skip
    assert (asked.returncode, asked.stdout) == (1, "")
    assert re.fullmatch(r"설정 port의 값 'abc'.+적어 주세요\.\n", asked.stderr)


def test_the_server_does_not_start_with_a_bad_setting() -> None:
    home = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port=0"]
    started = subprocess.run(
        home, cwd=settings.ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, "SANGDAM_LOG_FORMAT": "xml"}, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    assert "설정 log_format의 값 'xml'" in started.stderr
    assert "Traceback" not in started.stderr
