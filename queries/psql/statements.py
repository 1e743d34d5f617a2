"""What a client sends as text, cut into statements and sorted: commands, questions to the catalog and to the events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from queries.psql import kinds
from queries.psql.catalog.dialect import Catalog, CatalogParser
from queries.psql.catalog.functions import NAMES, OF_SESSION
from queries.psql.catalog.tables import COLUMNS, TABLES
from queries.psql.kinds import Kind
from queries.psql.sqlstate import FEATURE_NOT_SUPPORTED, LIMIT_EXCEEDED, READ_ONLY, SYNTAX_ERROR, Failure
from queries.sandbox import limits
from queries.sandbox.views import VIEWS

MAX_CHARACTERS, MAX_TOKENS, MAX_PARAMETERS = limits.MAX_BYTES, limits.MAX_TOKENS, 100
_READS = frozenset(("SELECT", "WITH", "VALUES", "TABLE", "("))
_WRITES = frozenset(
    (
        *("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "COMMENT"),
        *("VACUUM", "ANALYZE", "REINDEX", "CLUSTER", "REFRESH", "REASSIGN", "SECURITY", "IMPORT", "DO", "CALL", "LOCK"),
        *("NOTIFY", "PREPARE", "CHECKPOINT", "LOAD"),
    )
)
_UNKNOWN = frozenset(("EXPLAIN", "EXECUTE", "MOVE"))
_DIALECT = Catalog()
#: of these, a name among the words makes a closer look worth it
_HINTS = NAMES | {name.rpartition(".")[2] for name in TABLES} | {"information_schema", "pg_catalog"}
_WHO = (exp.CurrentUser, exp.SessionUser, exp.CurrentRole, exp.CurrentSchema, exp.CurrentCatalog)
_COUNTS = (TokenType.LIMIT, TokenType.OFFSET)
_OF_VIEWS: Mapping[str, str] = {one.name: one.pg for view in VIEWS.values() for one in view.columns}
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Add, exp.Sub)


@dataclass(frozen=True)
class Statement:
    """One statement. `words` are its words and signs in capitals, names and texts as they are."""

    text: str
    tokens: Sequence[Token]

    @cached_property
    def words(self) -> tuple[str, ...]:
        literal = (TokenType.STRING, TokenType.IDENTIFIER)
        words = ([one.text] if one.token_type in literal else one.text.upper().split() for one in self.tokens)
        return tuple(word for some in words for word in some)

    @property
    def first(self) -> str:
        """What kind of statement it is: its first word, empty for none."""
        return self.words[0] if self.words else ""

    def behind(self, word: str) -> str:
        """The text behind the first such word; empty where there is none."""
        found = next((one for one in self.tokens if one.text.upper() == word), None)
        return self.text[found.end + 1 - self.tokens[0].start :] if found else ""

    @property
    def reads(self) -> bool:
        """Whether it is a SELECT or the like."""
        return self.first in _READS

    @property
    def tree(self) -> exp.Expr:
        """What it says, read anew: it is large, and a session may keep many. Raises `Failure` for what is no SQL."""
        return _parse(self)

    @cached_property
    def about_catalog(self) -> bool:
        """Whether the catalog answers it. Raises `Failure` when it asks for both."""
        words = (one.text.lower() for one in self.tokens)
        if not any(word in _HINTS or word.startswith("pg_") for word in words):
            return False
        tree = self.tree
        own = {one.alias_or_name.lower() for one in tree.find_all(exp.CTE)}
        tables = [one for one in tree.find_all(exp.Table) if isinstance(one.this, exp.Identifier)]
        found = {_is_catalog(one) for one in tables if one.text("db") or one.name.lower() not in own}
        if len(found) == 2:
            raise Failure(FEATURE_NOT_SUPPORTED, "One statement cannot ask for events and for the catalog.")
        return found.pop() if found else _asks_itself(tree)

    @cached_property
    def parameters(self) -> int:
        """The highest number behind a `$`."""
        numbers = [int(number) for number, _, _ in _places(self)]
        if max(numbers, default=0) > MAX_PARAMETERS:
            raise Failure(LIMIT_EXCEEDED, f"A statement has at most {MAX_PARAMETERS} parameters.")
        return max(numbers, default=0)

    def kinds(self, declared: Sequence[int]) -> tuple[Kind, ...]:
        """The types of the parameters: as the client declares them, else as their places ask, else texts."""
        guessed: dict[int, Kind] = {}
        if self.parameters and self.reads:
            for node in self.tree.find_all(exp.Parameter):
                guessed.setdefault(int(node.name), _guess(node))
        found = []
        for number in range(1, max(self.parameters, len(declared)) + 1):
            kind = kinds.BY_OID.get(declared[number - 1]) if number <= len(declared) else None
            known = kind if kind is not None and kind != kinds.UNKNOWN else None
            found.append(known or guessed.get(number, kinds.TEXT))
        return tuple(found)

    def typed(self, types: Sequence[Kind]) -> str:
        """The text with the type of each parameter said where it stands."""
        text, start = self.text, self.tokens[0].start if self.tokens else 0
        for number, first, last in reversed(_places(self, plain=False)):
            cast = f"CAST(${number} AS {_written(types[number - 1])})"
            text = text[: first - start] + cast + text[last + 1 - start :]
        return text


def split(text: str) -> list[Statement]:
    """The statements of a text, empty ones left out. Raises `Failure` for what no statement begins with."""
    if len(text) > MAX_CHARACTERS:
        raise Failure(LIMIT_EXCEEDED, f"A statement has at most {MAX_CHARACTERS} characters.")
    try:
        tokens = _DIALECT.tokenize(text)
    except SqlglotError as error:
        raise Failure(SYNTAX_ERROR, "A quote or comment is opened and never closed.") from error
    if len(tokens) > MAX_TOKENS:
        raise Failure(LIMIT_EXCEEDED, f"A statement has at most {MAX_TOKENS} words and signs.")
    found, part = [], []
    for token in [*tokens, None]:
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            part.append(token)
        elif part:
            found.append(Statement(text[part[0].start : part[-1].end + 1], tuple(part)))
            part = []
    return found


def check(statement: Statement) -> None:
    """Raises `Failure` for what would write, or is not known."""
    if statement.first in _WRITES:
        raise Failure(READ_ONLY, f"cannot execute {statement.first} in a read-only transaction")
    if statement.first in _UNKNOWN:
        raise Failure(FEATURE_NOT_SUPPORTED, f"{statement.first} is not known here.")


def _parse(statement: Statement) -> exp.Expr:
    parser = CatalogParser(dialect=_DIALECT)
    parser.patience = 30 * len(statement.tokens) + 1000
    shift = statement.tokens[0].start if statement.tokens else 0
    try:
        trees = parser.parse([_moved(one, shift) for one in statement.tokens], statement.text)
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = str(first.get("highlight") or "end of input")[:60]
        raise Failure(SYNTAX_ERROR, f'syntax error at or near "{near}"') from error
    except SqlglotError as error:
        raise Failure(SYNTAX_ERROR, "This is not a statement that can be read here.") from error
    if len(trees) != 1 or trees[0] is None:
        raise Failure(SYNTAX_ERROR, "This is not a statement that can be read here.")
    return trees[0]


def _moved(token: Token, shift: int) -> Token:
    """The parser looks into the text at a token's place."""
    return Token(
        token.token_type, token.text, token.line, token.col, token.start - shift, token.end - shift, token.comments
    )


def _places(statement: Statement, *, plain: bool = True) -> list[tuple[int, int, int]]:
    """Number, start and end of each `$1`; without `plain` not those that only count rows."""
    before = (None, *statement.tokens)
    triples = zip(before, statement.tokens, statement.tokens[1:], strict=False)
    return [
        (int(number.text), dollar.start, number.end)
        for previous, dollar, number in triples
        if (plain or previous is None or previous.token_type not in _COUNTS)
        and dollar.token_type is TokenType.PARAMETER
        and number.token_type is TokenType.NUMBER
        and number.text.isdigit()
        and 0 < int(number.text[:6]) < 100_000
    ]


def _written(kind: Kind) -> str:
    """The type as the sandbox knows it: what it has not itself is a text there, and an oid a number."""
    if kind.element is not None:
        return f"{_written(kind.element)}[]"
    return {"text": "text", "json": "text", "jsonb": "text"}.get(
        kind.form, "bigint" if kind.name == "oid" else kind.title
    )


def _is_catalog(table: exp.Table) -> bool:
    schema, name = table.text("db").lower(), table.name.lower()
    return schema in {"pg_catalog", "information_schema"} or (not schema and name.startswith("pg_"))


def _asks_itself(tree: exp.Expr) -> bool:
    """Of a statement without tables: whether it calls what only the catalog knows."""
    calls = (one.name.lower() for one in tree.find_all(exp.Anonymous))
    columns = (one.name.lower() for one in tree.find_all(exp.Column) if not one.this.args.get("quoted"))
    return bool(NAMES.intersection(calls) or OF_SESSION.intersection(columns) or tree.find(*_WHO))


def _guess(node: exp.Parameter) -> Kind:
    """The type that the place of a parameter asks for."""
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Tuple | exp.Any | exp.Array):
        parent = parent.parent
    if isinstance(parent, exp.Cast):
        return kinds.named(parent.args["to"].sql(dialect="postgres")) or kinds.TEXT
    if isinstance(parent, exp.Limit | exp.Offset):
        return kinds.INT8
    if not isinstance(parent, _COMPARED):
        return kinds.TEXT
    others = [one for one in parent.iter_expressions() if not isinstance(one, exp.Parameter)]
    kind = next((found for one in others if (found := _of(one)) is not None), kinds.TEXT)
    array = isinstance(node.parent, exp.Paren | exp.Any) and parent.find(exp.Any) is not None
    return kinds.BY_OID.get(kind.array, kinds.BY_NAME["_text"]) if array else kind


def _of(node: exp.Expr) -> Kind | None:
    """The type of what a parameter is compared with."""
    node = node.unnest()
    if isinstance(node, exp.Column):
        return kinds.named(_OF_VIEWS.get(node.name, COLUMNS.get(node.name, "")))
    if isinstance(node, exp.Cast):
        return kinds.named(node.args["to"].sql(dialect="postgres"))
    if isinstance(node, exp.Anonymous):
        return kinds.INT8 if node.name.lower() == "count" else None
    if isinstance(node, exp.Literal) and not node.is_string:
        return kinds.INT8 if node.name.isdigit() else kinds.FLOAT8
    return None
