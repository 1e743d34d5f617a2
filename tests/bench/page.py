"""Page: from the click on "Sign in" until the overview can be used, and until every list of it stands, in a browser.

    python -m tests.bench --only page --events 100000000 --crowd /var/tmp/crowd

asks the largest project of a set for thirty days, as `questions` does. It needs Chromium and a built page.
"""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from ingest_api import moment
from tests.bench.crowded import SINCE, UNTIL
from tests.bench.measure import Sample, percentile
from tests.bench.plan import Plan
from tests.bench.questions import service
from tests.bench.report import Goal, Line, Outcome
from tests.chromium import FLAGS

_STAGE, _TIMES = "page", 7
_GOAL_MS = 1000
#: of the largest project, without the comparison: the set begins with the span
_ASKED = urlencode({"from": moment.text(SINCE), "to": moment.text(UNTIL), "compare": "no"})
#: milliseconds since the click: once the figures and their course stand, and once everything does; looked at with every
#: frame
_UNTIL_WHOLE = """() => new Promise((done, failed) => {
    const began = performance.now();
    let usable = 0;
    document.querySelector('form button').click();
    const look = () => {
        const took = performance.now() - began;
        const values = [...document.querySelectorAll('.figure .value')];
        const figures = values.length && values.every(one => one.textContent !== '…')
            && !document.querySelector('.figures[aria-busy=true]') && document.querySelector('.chart canvas');
        usable ||= figures ? took : 0;
        const whole = figures && document.querySelectorAll('.bars').length >= 5
            && !document.querySelector('.skeleton, [aria-busy=true]');
        whole ? done([usable, took]) : took > 60000 ? failed("not whole after a minute") : requestAnimationFrame(look);
    };
    look();
})"""


def page(plan: Plan) -> Outcome:
    """Sign in some times, each time as a visitor without a past."""
    executable = shutil.which("chromium")
    if executable is None:
        return Outcome([], [f"{_STAGE}: there is no Chromium here"])
    with ExitStack() as at_end:
        folder = plan.crowd or Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="headrace-crowd-")))
        port, token, _ = at_end.enter_context(service(folder / str(plan.events), plan.events))
        playwright = at_end.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        at_end.callback(browser.close)
        took = [_signed_in(browser, f"http://127.0.0.1:{port}", token) for _ in range(_TIMES + 1)][1:]
    usable, whole = zip(*took, strict=True)
    slow = max(usable)
    goal = Goal(f"slowest of {_TIMES}: {slow:,.0f} <= {_GOAL_MS} ms", slow <= _GOAL_MS)
    return Outcome(
        [Line(_STAGE, "figures, course", _sample(usable), None, (goal,)), Line(_STAGE, "all", _sample(whole))]
    )


def _sample(took: Sequence[float]) -> Sample:
    rate = 1000 * len(took) / sum(took)
    return Sample(events=len(took), rate=rate, p50_ms=percentile(took, 0.5), p99_ms=max(took))


def _signed_in(browser: Browser, url: str, token: str) -> tuple[float, float]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        opened = context.new_page()
        opened.goto(f"{url}/app/sign-in?{_ASKED}")
        opened.get_by_label("Key").fill(token)
        usable, whole = opened.evaluate(_UNTIL_WHOLE)
        return float(usable), float(whole)
    finally:
        context.close()
