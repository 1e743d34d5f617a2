"""What is printed when a stack is ready."""

from pathlib import Path

from deploy.local import links

_ENV = {
    "HEADRACE_URL": "http://127.0.0.1:8000",
    "HEADRACE_CLICKHOUSE_URL": "http://headrace:secret@127.0.0.1:8124/?database=headrace",
    "HEADRACE_SITE_ID": "site_abc123",
}


def test_urls_and_commands_are_shown_and_no_password() -> None:
    text = links.text(_ENV, Path("/x/.headrace/demo.env"))
    assert "set -a; . /x/.headrace/demo.env; set +a" in text
    assert 'curl -X POST "http://127.0.0.1:8000/v1/events"' in text
    assert "http://127.0.0.1:8124 " in text
    assert "secret" not in text


def test_the_braces_of_the_event_are_single() -> None:
    assert '"data":{"plan":"pro"}}' in links.text(_ENV, Path("/x"))
