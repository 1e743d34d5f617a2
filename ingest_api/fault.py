"""Kill points: where the fault suite ends or stalls a process. Without HEADRACE_FAULT each is an empty call.

HEADRACE_FAULT is `name:nth`, `name:nth:exit` or `name:nth:stall=SECONDS`: at the nth time the process comes by the
point of that name it ends with code 137, like a process killed by SIGKILL, or blocks as a whole.
"""

import os
import re
import time
from dataclasses import dataclass
from typing import NoReturn

VARIABLE = "HEADRACE_FAULT"
KILLED = 137
_FAULT = re.compile(r"(?P<name>[a-z_.]+):(?P<nth>[1-9]\d*)(:exit|:stall=(?P<stall>\d+(\.\d+)?))?")


@dataclass(slots=True)
class Fault:
    """What happens at one point, and how many times the process came by it."""

    name: str
    nth: int
    #: seconds to block; None ends the process
    stall: float | None = None
    passed: int = 0

    def reach(self, name: str) -> None:
        """Count the pass when it is this point; do what was asked at the nth."""
        if name != self.name:
            return
        self.passed += 1
        if self.passed == self.nth:
            os.write(2, f"fault: {self.name} reached, pass {self.nth}\n".encode())  # a log may hold lines back
            self._act()

    def _act(self) -> None:
        if self.stall is None:
            _end()
        time.sleep(self.stall)


def parse(text: str) -> Fault | None:
    """The fault that a value of HEADRACE_FAULT asks for; None for an empty one. Raises `ValueError`."""
    if not text:
        return None
    match = _FAULT.fullmatch(text)
    if match is None:
        raise ValueError(f"{VARIABLE} is {text!r}; expected name:nth, name:nth:exit or name:nth:stall=SECONDS")
    return Fault(match["name"], int(match["nth"]), float(match["stall"]) if match["stall"] else None)


_fault = parse(os.environ.get(VARIABLE, ""))


def point(name: str) -> None:
    """A place in the code that the fault suite may ask for."""
    if _fault is not None:
        _fault.reach(name)


def _end() -> NoReturn:
    os._exit(KILLED)  # no handler, no flush, no good-bye: as SIGKILL does it
