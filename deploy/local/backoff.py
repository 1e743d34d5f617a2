"""How long to wait before a part that died is started again."""

from dataclasses import dataclass

FIRST_SECONDS = 0.5
MOST_SECONDS = 15.0
#: a part that was healthy this long has earned a fresh start
FORGIVE_SECONDS = 30.0


@dataclass(slots=True)
class Backoff:
    """Doubles from death to death, up to a ceiling; never gives up."""

    deaths: int = 0

    def after(self, healthy_seconds: float) -> float:
        """Seconds to wait after a death; the argument says how long the part had been healthy before it."""
        if healthy_seconds >= FORGIVE_SECONDS:
            self.deaths = 0
        delay = min(FIRST_SECONDS * float(1 << min(self.deaths, 16)), MOST_SECONDS)
        self.deaths += 1
        return delay
