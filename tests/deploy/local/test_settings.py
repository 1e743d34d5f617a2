"""Settings of the local stack."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.local.settings import Settings, variable


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_setting_stands_in_the_document_with_its_default() -> None:
    document = (Path(__file__).parents[3] / "docs" / "local-stack.md").read_text()
    rows = {name: f"| `{variable(name)}` | {_shown(field.default)} |" for name, field in Settings.model_fields.items()}
    assert [row for row in rows.values() if row not in document] == []


def _shown(default: object) -> str:
    return str(int(default)) if isinstance(default, bool | float) else str(default)


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("ingest_port"), "18080")
    assert Settings().ports["ingest_api"] == 18080


@pytest.mark.parametrize(("field", "value"), [("port", "65536"), ("workers", "0"), ("redis_maxmemory", "lots")])
def test_a_bad_value_is_refused_under_the_name_of_its_field(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    monkeypatch.setenv(variable(field), value)
    with pytest.raises(ValidationError, match=field):
        Settings()
