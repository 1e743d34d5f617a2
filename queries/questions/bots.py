"""Bots: whether the events of declared crawlers count. Leaf, no I/O."""

from typing import Literal, get_args

Bots = Literal["exclude", "include", "only"]
BOTS: tuple[Bots, ...] = get_args(Bots)
#: over rows of `events`
CONDITION: dict[Bots, str] = {"exclude": "bot = ''", "only": "bot != ''", "include": "1"}
