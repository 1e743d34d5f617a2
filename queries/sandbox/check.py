"""The first belt's first half: each node of a tree, its parts, names, functions and types against the lists."""

import re

from sqlglot import exp

from queries.sandbox import functions
from queries.sandbox.errors import Kind, Unfit
from queries.sandbox.nodes import JOINS, NODES, PARTS, TYPES
from queries.sandbox.parse import place
from queries.sandbox.views import RESERVED, VIEWS

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9_(), '=./+:-]{1,500}", re.ASCII)
_MAX_NAME = 256
_CALLS = (exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc, exp.ParameterizedAgg, exp.CombinedParameterizedAgg)
#: where a SELECT may stand
_AROUND = (exp.Subquery, exp.CTE, exp.SetOperation, exp.Exists, exp.In)


class Check:
    """One pass over a tree. `text` is what it was read from, for pointing at places."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, tree: exp.Query) -> None:
        """Raises `Unfit` at the first node that is not known to be harmless."""
        for node in tree.walk():
            self._parts(node)
            self._known(node)

    def unfit(self, kind: Kind, sentence: str, node: exp.Expr) -> Unfit:
        """An error that points at a node."""
        near = [*node.walk(), *_upwards(node)]
        start = next((one.meta["start"] for one in near if "start" in one.meta), None)
        return Unfit(kind, sentence, *(place(self._text, start) if start is not None else (0, 0)))

    def _parts(self, node: exp.Expr) -> None:
        parts = NODES.get(type(node))
        if parts is None:
            what = PARTS.get(node.key, f"{_spoken(node)} is not taken here.")
            raise self.unfit("feature", what, node)
        for name, part in node.args.items():
            if part not in (None, False, []) and name not in parts:
                raise self.unfit("feature", PARTS.get(name, f"{_spoken(node)}: {name} is not taken here."), node)

    def _known(self, node: exp.Expr) -> None:  # noqa: C901, PLR0912 - one line for each kind of node reads best in one place
        match node:
            case exp.Identifier():
                self._name(node)
            case exp.Var():
                self._word(node.name, node)
            case exp.Literal() if not node.is_string:
                if not _NUMBER.fullmatch(node.name):
                    raise self.unfit("syntax", "This number cannot be read.", node)
            case exp.Anonymous() | exp.AnonymousAggFunc() | exp.CombinedAggFunc():
                self._call(node)
            case exp.ParameterizedAgg() | exp.CombinedParameterizedAgg():
                self._call(node)
            case exp.DataType():
                self._type(node)
            case exp.CastToStrType():
                self._written_type(node.args["to"], node)
            case exp.Table():
                if not isinstance(node.this, exp.Identifier):
                    raise self.unfit("table", f"Tables come by their name alone: {_views()}.", node)
            case exp.From() | exp.Join():
                self._source(node)
            case exp.In():
                self._in(node)
            case exp.Placeholder():
                self._parameter(node)
            case exp.Trim():
                self._word(str(node.args.get("position") or "BOTH"), node)
            case exp.WindowSpec():
                for part in ("kind", "start", "start_side", "end", "end_side"):
                    if isinstance(word := node.args.get(part), str):
                        self._word(word, node)
            case exp.Select() | exp.SetOperation():
                if node.parent is not None and not isinstance(node.parent, _AROUND):
                    raise self.unfit("syntax", "A SELECT inside another stands in brackets.", node)
            case exp.CTE():
                self._cte(node)
            case exp.Star():
                self._star(node)

    def _name(self, node: exp.Identifier) -> None:
        name = node.name
        if not name or len(name) > _MAX_NAME or not name.isprintable() or set(name) & set('"`\\'):
            raise self.unfit(
                "name", f"A name has 1 to {_MAX_NAME} characters, without quotes, backslashes and line breaks.", node
            )
        if name.lower().startswith(RESERVED):
            raise self.unfit("name", f"Names that begin with {RESERVED} are the service's own.", node)

    def _word(self, word: str, node: exp.Expr) -> None:
        if not _WORD.fullmatch(word):
            raise self.unfit("syntax", "This word is not understood here.", node)

    def _call(self, node: exp.Expr) -> None:
        name = node.name
        if not functions.known(name):
            sentence = f"There is no function {_shown(name)} here. docs/sql.md lists those that there are."
            raise self.unfit("function", sentence, node)
        if name.lower() in functions.TYPED and node.expressions:
            self._written_type(node.expressions[-1], node)

    def _written_type(self, written: exp.Expr, node: exp.Expr) -> None:
        """A type in a string: spelled out, so that it can be seen."""
        if not (isinstance(written, exp.Literal) and written.is_string and _TYPE.fullmatch(written.name)):
            raise self.unfit("type", "The type is written out as a string here, such as 'Nullable(String)'.", node)
        if "function" in written.name.lower():
            raise self.unfit("type", "States of aggregate functions are not taken here.", node)

    def _type(self, node: exp.DataType) -> None:
        if node.this not in TYPES or node.args.get("kind"):
            raise self.unfit("type", "There is no such type here. docs/sql.md lists those that there are.", node)

    def _source(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Join):
            words = " ".join(str(node.args.get(part) or "") for part in ("side", "kind", "method")).upper().split()
            if not JOINS.issuperset(words):
                raise self.unfit("feature", f"{' '.join(words)} JOIN is not taken here.", node)
            if "ARRAY" in words:
                return
            if node.expressions:
                raise self.unfit("syntax", "This JOIN cannot be read.", node)
        inner = node.this.this if isinstance(node.this, exp.Final) else node.this
        if not isinstance(inner, exp.Table | exp.Subquery):
            raise self.unfit("table", f"FROM and JOIN take a SELECT in brackets or a view: {_views()}.", node)

    def _in(self, node: exp.In) -> None:
        """ClickHouse takes the lone name of `IN (name)` for a table's."""
        some, field = node.expressions, node.args.get("field")
        if field is not None and not isinstance(field, exp.Placeholder | exp.Array):
            raise self.unfit("feature", PARTS["field"], node)
        if not some and field is None and not isinstance(node.args.get("query"), exp.Query):
            raise self.unfit("syntax", PARTS["field"], node)
        if len(some) == 1:
            lone = some[0]
            while isinstance(lone, exp.Paren | exp.Alias | exp.Tuple) and (
                lone.args.get("this") or len(lone.expressions) == 1
            ):
                lone = lone.this if lone.args.get("this") else lone.expressions[0]
            if isinstance(lone, exp.Column | exp.Dot | exp.Star | exp.Identifier):
                raise self.unfit("feature", f"{PARTS['field']} For an array write has(array, value).", node)

    def _parameter(self, node: exp.Placeholder) -> None:
        if not isinstance(node.args.get("kind"), exp.DataType) or not isinstance(node.this, exp.Var):
            raise self.unfit("parameter", "A parameter is written {name:Type}, with the type of a value.", node)

    def _cte(self, node: exp.CTE) -> None:
        if node.alias in VIEWS:
            raise self.unfit("name", f"{node.alias} is a view already: choose another name in WITH.", node)
        if not node.args.get("scalar") and not isinstance(node.this, exp.Query):
            raise self.unfit("syntax", "WITH takes name AS (SELECT …) or value AS name.", node)

    def _star(self, node: exp.Star) -> None:
        for one in node.args.get("except_") or ():
            if not isinstance(one, exp.Identifier | exp.Column):
                raise self.unfit("syntax", "* EXCEPT takes names of columns in brackets.", node)


def _upwards(node: exp.Expr) -> list[exp.Expr]:
    found = []
    while node.parent is not None:
        node = node.parent
        found.append(node)
    return found


def _spoken(node: exp.Expr) -> str:
    """What somebody who wrote it would call a node."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])


def _views() -> str:
    return ", ".join(VIEWS)
