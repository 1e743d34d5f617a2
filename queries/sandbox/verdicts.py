"""What the engine says against a statement -> what whoever wrote it can do. Nothing of the engine's own words is shown:
they name base tables and quote values. Pure.
"""

import re
from collections.abc import Mapping

from queries.sandbox.views import RESERVED

_TYPES = "Types do not fit together, or not to a function. CAST(value AS Type) makes one of another."
_VALUE = "A value cannot be read as what it should be, such as a number or a time. …OrNull functions give NULL then."
_GROUPED = "A column stands neither in GROUP BY nor in an aggregate such as any(column)."
_LARGE = "The statement makes too much out of too little: ask for less at once."
_TWICE = "Two things have the same name. Give each its own with AS, and say which is meant: events.name."
_SYNTAX = "The engine does not understand a part of the statement."
_ARGUMENTS = "A function has too few, too many or wrong arguments."
_NAME = "There is no column of this name"
_SENTENCES: Mapping[int, str] = {
    **dict.fromkeys((47, 8, 10, 16), _NAME),
    **dict.fromkeys((43, 53, 70, 386, 44, 130, 469), _TYPES),
    **dict.fromkeys((6, 7, 25, 26, 27, 28, 32, 33, 38, 41, 69, 72, 117, 321, 349, 376, 407, 441, 675, 676), _VALUE),
    **dict.fromkeys((184, 215), _GROUPED),
    **dict.fromkeys((128, 131, 135, 167, 168, 162, 190, 191, 306, 440), _LARGE),
    **dict.fromkeys((179, 207, 206, 352), _TWICE),
    **dict.fromkeys((62, 63, 78), _SYNTAX),
    **dict.fromkeys((34, 35, 36, 42, 79, 80), _ARGUMENTS),
    46: "There is no function of this name in these letters: ClickHouse minds capitals in most.",
    20: "The two sides of IN have different numbers of columns.",
    50: "This format cannot hold one of the columns, such as a bare NULL: CAST it to a type.",
    125: "A SELECT in the place of a value gave more than one row: add LIMIT 1, or use IN.",
    153: "Something is divided by zero. NULLIF(value, 0) makes it NULL.",
    258: "The SELECTs of UNION have different numbers of columns.",
    457: "The value of a parameter cannot be read as its type.",
    48: "The engine cannot do this.",
    403: "This JOIN has no condition that the engine can join by.",
}
#: the engine is not well, or not as it should be: this is no fault of the statement
_ILL = frozenset(
    (60, 81, 164, 192, 193, 194, 202, 209, 210, 236, 242, 243, 252, 279, 319, 336, 394, 439, 497, 516, 999)
)
_NAMED = re.compile(r"(?:identifier|columns?|Alias|name|function) [`']([^`']{1,100})[`']", re.ASCII)


def sentence(code: int, said: str, text: str) -> str | None:
    """What is wrong; None where it is not the statement's fault. A name is repeated only if `text` has it."""
    if code == 60 and f"{RESERVED}with_" in said:
        return "A query of WITH is used where the engine does not see it. Put it into FROM or JOIN there, too."
    if code in _ILL:
        return None
    found = _SENTENCES.get(code)
    if found is None:
        return f"The engine cannot run this statement (its error {code})."
    if code in {46, 47}:
        name = next((one for one in _NAMED.findall(said) if one in text and one.isprintable()), "")
        if code == 46:
            return found + (f" The name is {name}." if name else "")
        return f"{found}{f': {name}' if name else ''}. docs/sql.md lists the columns."
    return found
