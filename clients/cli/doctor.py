"""`headrace doctor`: looks at every part and says what to do."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.text import Text

from clients.cli.checks import audit, clickhouse, redis, services, workers
from clients.cli.checkup import Finding, Probe, State, examine
from clients.cli.errors import Exit, WrongUsage
from clients.cli.output import Invocation
from clients.cli.settings import DEMO_ENV

CHECKS = (*redis.CHECKS, *clickhouse.CHECKS, *services.CHECKS, *workers.CHECKS, *audit.CHECKS)

_SIGN = {State.OK: "✓", State.WARN: "!", State.FAIL: "✗", State.SKIPPED: "-"}
_STYLE = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red", State.SKIPPED: "dim"}


async def doctor(*, cli: Annotated[Invocation, Parameter(parse=False)]) -> Exit:
    """Check every part that is configured, and say what to do about each that is not well.

    Ends with 1 when a check failed; a warning is none.
    """
    found: list[tuple[str, Finding]] = []
    async with Probe(cli.settings) as probe:
        async for check, finding in examine(CHECKS, probe):
            found.append((check.name, finding))
            if not cli.output.json:
                cli.output.line(None, _shown(check.name, finding))
    if all(finding.state is State.SKIPPED for _, finding in found):
        raise WrongUsage(f"There is nothing to check: no HEADRACE_ setting is there, and no {DEMO_ENV}.")
    well = all(finding.state is not State.FAIL for _, finding in found)
    if cli.output.json:
        checks = [{"name": name, **msgspec.to_builtins(finding)} for name, finding in found]
        cli.output.answer({"ok": well, "checks": checks})
    return Exit.OK if well else Exit.NO


def _shown(name: str, finding: Finding) -> Text:
    text = Text(f"{_SIGN[finding.state]} ", style=_STYLE[finding.state])
    text.append(f"{name:<22}", style="bold" if finding.state is State.FAIL else "")
    text.append(f" {finding.found}", style="dim" if finding.state is State.SKIPPED else "")
    if finding.remedy:
        text.append(f"\n    -> {finding.remedy}", style=_STYLE[finding.state])
    return text
