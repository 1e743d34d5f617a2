"""Dashboards ask for metrics that there are, and Prometheus reads what they ask."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.secrets import DEPLOY
from tests.deploy.test_prometheus import asked, promtool, series

yaml = pytest.importorskip("yaml", reason="PyYAML reads what is provisioned")

FOLDER = DEPLOY / "grafana"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}


def expressions(board: dict[str, Any]) -> list[str]:
    """What its panels ask."""
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_there_are_few_and_each_is_its_own() -> None:
    assert set(BOARDS) == {"overview", "front_door", "workers", "stores"}
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_asks_for_metrics_that_there_are(name: str) -> None:
    known = series()
    assert {expr: asked(expr) - known for expr in expressions(BOARDS[name]) if asked(expr) - known} == {}
    assert [expr for expr in expressions(BOARDS[name]) if not asked(expr)] == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_has_a_title_a_meaning_a_unit_and_a_place_of_its_own(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert all(panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_prometheus_reads_what_is_asked(tmp_path: Path) -> None:
    asks = [expr for board in BOARDS.values() for expr in expressions(board)]
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(asks)]
    file = tmp_path / "asks.yml"
    file.write_text(json.dumps({"groups": [{"name": "asks", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_dashboards_look_where_the_data_source_is() -> None:
    (source,) = yaml.safe_load((FOLDER / "datasource.yml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for board in BOARDS.values() for panel in board["panels"]} == {source["uid"]}
