"""python tests/deploy/rendering.py: render the chart with Helm's own engine, once for each set of values on stdin.

A process of its own: the engine brings Go's runtime along, which has no place in the one that runs the tests.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "headrace"


def main() -> None:
    """From a list of values to a list of `{"files": {...}, "findings": [...]}` or `{"refused": "..."}`."""
    helm = importlib.import_module("helm_python")
    answers: list[dict[str, Any]] = []
    with helm.Chart.load(CHART) as chart:
        for values in json.load(sys.stdin):
            try:
                files = chart.render(values, name="headrace", namespace="shop")
            except helm.HelmError as error:
                answers.append({"refused": str(error)})
                continue
            report = helm.lint(CHART, values)
            findings = [one["error"] for one in report["messages"] if one["severity"] > 1] + report["errors"]
            answers.append({"files": files, "findings": findings})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
