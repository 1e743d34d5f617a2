"""Settings: the command line wins over the environment, and the environment over demo.env."""

from pathlib import Path

import pytest

from clients.cli import settings
from clients.cli.errors import WrongUsage


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for field in settings.Settings.model_fields:
        monkeypatch.delenv(f"HEADRACE_{field.upper()}", raising=False)
    return tmp_path


def write_demo(folder: Path, text: str) -> None:
    (folder / ".headrace").mkdir()
    (folder / settings.DEMO_ENV).write_text(text)


def test_what_is_not_set_comes_from_demo_env(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo(folder, "HEADRACE_URL=http://demo\nHEADRACE_WRITE_KEY=demo\nHEADRACE_QUERY_KEY=demo\n")
    monkeypatch.setenv("HEADRACE_QUERY_KEY", "mine")
    monkeypatch.setenv("HEADRACE_WRITE_KEY", "")
    found = settings.load()
    assert (found.front_door, found.write_key, found.query_key) == ("http://demo", "demo", "mine")


def test_each_service_may_have_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_URL", "http://both/")
    monkeypatch.setenv("HEADRACE_QUERY_URL", "http://queries")
    found = settings.load()
    assert (found.front_door, found.queries) == ("http://both", "http://queries")


def test_demo_env_never_takes_part_of_what_belongs_to_a_stated_address(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_demo(folder, "HEADRACE_INGEST_URL=http://demo\nHEADRACE_QUERY_URL=http://demo\n")
    monkeypatch.setenv("HEADRACE_URL", "https://prod")
    found = settings.load()
    assert (found.front_door, found.queries) == ("https://prod", "https://prod")


def test_options_win_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_INGEST_URL", "http://env")
    monkeypatch.setenv("HEADRACE_WRITE_KEY", "env")
    found = settings.load(url="http://option", key="option\n")
    assert (found.front_door, found.queries) == ("http://option", "http://option")
    assert (found.write_key, found.query_key) == ("option", "option")


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://host", "http://", "http://host:port"])
def test_an_address_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(WrongUsage, match="write it as http://host:port"):
        _ = settings.load(url=address).front_door


def test_no_address_at_all_tells_how_to_get_one() -> None:
    with pytest.raises(WrongUsage, match="HEADRACE_URL"):
        _ = settings.load().queries


def test_a_missing_value_tells_how_to_get_one() -> None:
    with pytest.raises(WrongUsage, match=r"HEADRACE_WRITE_KEY is not set.*Make one"):
        settings.load().need("write_key", "Make one.")


def test_keys_and_passwords_are_not_shown() -> None:
    assert "hr_write_x" not in repr(settings.load(key="hr_write_x"))
    assert settings.without_password("redis://user:pw@host:6379/0") == "redis://host:6379/0"
    assert "pw" not in settings.without_password("redis://:pw@host:port")
    assert settings.without_password("redis://user:12#pw@host/0") == "(an address that cannot be read)"


def test_a_file_may_hold_a_key_and_wins_over_demo_env(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo(folder, "HEADRACE_WRITE_KEY=demo\n")
    (folder / "key").write_text("mine\n")
    monkeypatch.setenv("HEADRACE_WRITE_KEY_FILE", "key")
    assert settings.load().write_key == "mine"
    monkeypatch.setenv("HEADRACE_WRITE_KEY_FILE", "gone")
    with pytest.raises(WrongUsage, match="HEADRACE_WRITE_KEY_FILE: gone cannot be read"):
        settings.load()
