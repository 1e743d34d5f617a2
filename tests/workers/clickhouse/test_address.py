"""Where ClickHouse is."""

from typing import Any

import pytest
from pydantic import ValidationError

import clients.cli.settings
import queries.settings
import workers.settings
from workers.clickhouse.address import address, checked


def test_a_url_is_taken_apart() -> None:
    assert address("http://us%65r:p%40ss@ch:8124/?database=headrace") == {
        "interface": "http",
        "host": "ch",
        "port": 8124,
        "username": "user",
        "password": "p@ss",
        "database": "headrace",
    }


def test_ports_and_names_have_clickhouse_s_defaults() -> None:
    assert address("https://ch") == {
        "interface": "https",
        "host": "ch",
        "port": 8443,
        "username": "default",
        "password": "",
        "database": "default",
    }


@pytest.mark.parametrize(
    "url",
    [
        *("", "clickhouse", "ftp://ch", "http://", "http://ch:port", "http://ch:0"),
        *("http://u:planted/x@ch", "http://u:planted#x@ch:1", "http://planted:1/x@ch", "http://u:[planted@ch"),
        "http://u:planted\u2100@ch",
    ],
)
def test_what_is_no_url_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="HEADRACE_CLICKHOUSE_URL must look like") as wrong:
        address(url)
    with pytest.raises(ValueError, match="must look like") as again:
        checked(url)
    assert "planted" not in repr(wrong.value) + repr(again.value)


def test_a_cluster_is_told_with_every_statement_and_one_server_with_none() -> None:
    settings = address("http://ch/?database=headrace&cluster=main")["settings"]
    assert settings["cluster_for_parallel_replicas"] == "main"
    assert (settings["distributed_foreground_insert"], settings["insert_quorum"]) == (1, "auto")
    assert "settings" not in address("http://ch/?database=headrace")
    with pytest.raises(ValueError, match="must be the name of a cluster"):
        address("http://ch/?cluster=a'b")


@pytest.mark.parametrize("kind", [workers.settings.Settings, queries.settings.Settings, clients.cli.settings.Settings])
def test_the_cluster_of_a_setting_goes_into_the_url_of_another(
    kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_CLICKHOUSE_URL", "http://ch/?database=headrace")
    assert kind(_env_file=None).clickhouse_url == "http://ch/?database=headrace"
    monkeypatch.setenv("HEADRACE_CLICKHOUSE_CLUSTER", "main")
    assert kind(_env_file=None).clickhouse_url == "http://ch/?database=headrace&cluster=main"
    monkeypatch.setenv("HEADRACE_CLICKHOUSE_URL", "http://ch")
    assert kind(_env_file=None).clickhouse_url == "http://ch?cluster=main"
    for own in ("http://ch/?cluster=other", kind(_env_file=None).clickhouse_url):
        monkeypatch.setenv("HEADRACE_CLICKHOUSE_URL", own)
        assert kind(_env_file=None).clickhouse_url == own


def test_analysts_sql_is_asked_of_the_same_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CLICKHOUSE_CLUSTER", "main")
    assert queries.settings.Settings().sql_clickhouse_url == ""
    monkeypatch.setenv("HEADRACE_SQL_CLICKHOUSE_URL", "http://sql@ch/")
    assert queries.settings.Settings().sql_clickhouse_url == "http://sql@ch/?cluster=main"


@pytest.mark.parametrize("kind", [workers.settings.Settings, queries.settings.Settings])
def test_what_is_no_name_of_a_cluster_keeps_a_process_from_starting(
    kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_CLICKHOUSE_CLUSTER", "a'b")
    with pytest.raises(ValidationError, match="must be the name of a cluster"):
        kind()
