"""python -m tests.faults: run every experiment, write the results to docs/reliability.md. Exits 1 when one is wrong."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import table
from tests.faults.experiment import Experiment, Result, run
from tests.faults.servers import Warehouse
from tests.faults.soak import soak
from tests.faults.suite import SUITE


def main() -> int:
    """Run what was asked for. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", action="append", help="experiments with this in their name")
    parser.add_argument("--skip", metavar="TEXT", action="append", default=[], help="none with this in its name")
    parser.add_argument("--quick", action="store_true", help="only the subset that `make test` runs")
    parser.add_argument("--times", type=int, default=3, help="run each this often (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="repeat the fault this often within a run (default 3)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of producers and random moments")
    parser.add_argument("--soak", type=int, default=1800, metavar="SECONDS", help="length of the soak (default 1800)")
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability.md as it is")
    options = parser.parse_args()
    suite = (*SUITE, soak(options.soak))
    chosen = [one for one in suite if _wanted(one, options.only, quick=options.quick)]
    chosen = [one for one in chosen if not any(text in one.name for text in options.skip)]
    print(f"{len(chosen)} experiments, {options.times} times each, seed {options.seed}", flush=True)
    order = [one.name for one in suite]

    def keep(results: list[Result]) -> None:
        if not options.dry:
            table.write(table.merge(table.read(), results), order)

    results = asyncio.run(_run(chosen, options.times, options.rounds, options.seed, keep))
    failed = sorted({one.experiment for one in results if one.verdict != one.expected})
    print(f"not as they must: {', '.join(failed)}" if failed else "all as they must")
    return 1 if failed else 0


def _wanted(experiment: Experiment, only: list[str] | None, *, quick: bool) -> bool:
    if only:
        return any(text in experiment.name for text in only)
    return experiment.quick or not quick


async def _run(
    chosen: list[Experiment], times: int, rounds: int, seed: int, keep: Callable[[list[Result]], None]
) -> list[Result]:
    """What came of them; `keep` is told of each experiment as soon as it ran for the last time."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="headrace-faults-") as folder:
        warehouse = Warehouse(_made(Path(folder), "warehouse"))
        await warehouse.actor.start()
        try:
            for experiment in chosen:
                for time_ in range(times):
                    where = _made(Path(folder), f"{len(results)}")
                    began = time.monotonic()
                    results.append(await run(experiment, where, warehouse, rounds=rounds, seed=seed + time_))
                    _say(results[-1], time.monotonic() - began)
                keep(results[-times:])
        finally:
            await warehouse.actor.kill()
    return results


def _made(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _say(result: Result, seconds: float) -> None:
    mark = "ok  " if result.verdict == result.expected else "FAIL"
    print(f"{mark} {result.verdict:10} {seconds:5.0f} s  {result.experiment}: {result.note[:300]}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing is left behind.")
