"""Confidential settings: from a variable or from a file, and never shown."""

import traceback
from pathlib import Path

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import SettingsError

from ingest_api.confidential import Confidential, RedisUrl, hidden

PLANTED = "planted-0123"
URL = f"redis://:{PLANTED}@127.0.0.1:6379/0"


class Settings(Confidential):
    """One field that is hidden and one that is not."""

    redis_url: RedisUrl = Field("redis://127.0.0.1:6379/0", repr=False)
    shards: int = 4


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the environment names, not written yet; the variable itself is not set."""
    monkeypatch.delenv("HEADRACE_REDIS_URL", raising=False)
    monkeypatch.setenv("HEADRACE_REDIS_URL_FILE", str(tmp_path / "redis_url"))
    return tmp_path / "redis_url"


def test_a_file_gives_the_value_without_the_line_break_at_its_end(file: Path) -> None:
    file.write_text(f"{URL}\n")
    assert Settings().redis_url == URL
    assert Settings(redis_url="redis://other").redis_url == "redis://other"


def test_a_value_from_a_file_is_checked_like_any_other(file: Path) -> None:
    file.write_text(f"redis://:{PLANTED}/x@127.0.0.1/0")
    with pytest.raises(ValidationError, match="must look like redis://") as wrong:
        Settings()
    assert PLANTED not in str(wrong.value) + repr(wrong.value)


def test_a_variable_and_its_file_exclude_each_other(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(URL)
    monkeypatch.setenv("HEADRACE_REDIS_URL", "")  # as compose passes on what nobody set
    assert Settings().redis_url == URL
    monkeypatch.setenv("HEADRACE_REDIS_URL", URL)
    with pytest.raises(SettingsError, match="HEADRACE_REDIS_URL and HEADRACE_REDIS_URL_FILE are both set") as wrong:
        Settings()
    assert PLANTED not in str(wrong.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b" \n", "is empty"), (PLANTED.encode() + b"\xff", "not text in UTF-8")],
)
def test_a_file_that_cannot_be_used_is_named_without_what_is_in_it(
    file: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=f"HEADRACE_REDIS_URL_FILE: .*redis_url.*{said}") as wrong:
        Settings()
    assert PLANTED not in "".join(traceback.format_exception(wrong.value))


def test_what_is_not_hidden_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_SHARDS_FILE", "/dev/null")
    assert Settings().shards == 4
    assert hidden(Settings) == ["redis_url"]


def test_neither_a_settings_text_nor_an_error_shows_a_hidden_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PLANTED not in repr(Settings(redis_url=URL)) + str(Settings(redis_url=URL))
    monkeypatch.setenv("HEADRACE_REDIS_URL", URL)
    monkeypatch.setenv("HEADRACE_SHARDS", "many")
    with pytest.raises(ValidationError, match="shards") as wrong:
        Settings()
    assert PLANTED not in str(wrong.value) + repr(wrong.value)
