"""A filter as a query string has it: the JSON array of filters.py, or `country==DE|AT;page~=/blog`. Pure."""

import re

import msgspec

from queries.errors import Refused
from queries.questions import filters
from queries.questions.filters import Filter
from queries.request import quoted

_OPERATORS = {
    "==": "is", "!=": "is_not", "~=": "contains", "!~": "contains_not", ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"
}  # fmt: skip
_TEST = re.compile(rf"(.*?)({'|'.join(_OPERATORS)})(.*)", re.DOTALL)


def parse(text: str, where: str = "filter") -> Filter:
    """All tests between semicolons hold, one of the values between bars does. Raises `Refused` naming the place."""
    if text.startswith("["):
        try:
            return filters.parse(msgspec.json.decode(text.encode()), where)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Refused(400, f"{where}: is not JSON.") from error
    return filters.parse([_test(one, where) for one in text.split(";")], where)


def _test(text: str, where: str) -> list[object]:
    match = _TEST.fullmatch(text)
    if match is None:
        raise Refused(400, f"{where}: {quoted(text)} is not a test such as country==DE, or properties.price>=10.")
    return [_OPERATORS[match[2]], match[1], match[3].split("|")]
