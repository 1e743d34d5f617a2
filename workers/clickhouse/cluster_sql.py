"""Statements as a cluster needs them: one of the schema's files, or of a job, becomes one or several for all nodes.

Text in, text out, and all that is not named here stays as it was written. What is not known is refused: a statement
that reached one node alone would make the nodes different.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

from workers.clickhouse.cluster import SHARDED, VIEWS, Cluster, Unknown, hashed, local, whole
from workers.clickhouse.lexer import Word, words

_ENGINES = frozenset({"MergeTree", "ReplacingMergeTree", "AggregatingMergeTree"})
_WINDOW = "non_replicated_deduplication_window"
#: settings of tables that mean the same on a replicated one
_SETTINGS = frozenset({_WINDOW, "fsync_after_insert", "fsync_part_directory", "merge_selector_base"})
#: a batch may wait for a week until ClickHouse is back, and then comes with the token that it had
_WINDOW_SECONDS = 7 * 86_400
#: actions of ALTER on the rows' table alone, and on both
_OF_ROWS = ("ADD INDEX", "DROP INDEX", "MATERIALIZE INDEX", "MODIFY TTL", "DELETE WHERE", "APPLY DELETED")
_OF_BOTH = ("ADD COLUMN", "DROP COLUMN", "RENAME COLUMN", "COMMENT COLUMN", "MODIFY COLUMN")
#: statements that read, or insert through the tables' own names
_AS_THEY_ARE = frozenset({"SELECT", "WITH", "INSERT", "EXISTS", "SHOW"})

#: key word before a name, and the name -> what the name becomes
Renaming = Mapping[tuple[str, str], Callable[[str], str]]


def rendered(statement: str, cluster: Cluster | None) -> list[str]:
    """What to run, in this order, for a statement; the statement itself where there is no cluster.

    Raises `Unknown` for what nobody has decided about.
    """
    if cluster is None:
        return [statement]
    return _Statement(statement, cluster).rendered()


class _Statement:
    """One statement, read word by word."""

    def __init__(self, text: str, cluster: Cluster) -> None:
        try:
            found = words(text)
        except ValueError as error:
            raise Unknown(str(error)) from error
        self._words: Sequence[Word] = [*found, Word("", len(text), len(text), 0)]
        self._text = text
        self._cluster = cluster
        self._on = f" ON CLUSTER `{cluster.name}`"
        self._at = 0

    def rendered(self) -> list[str]:
        if self._words[0].text.upper() in _AS_THEY_ARE:
            return [self._text]
        forms: Mapping[str, Callable[[], list[str]]] = {
            "CREATE TABLE": self._create, "CREATE MATERIALIZED VIEW": self._materialized, "CREATE VIEW": self._view,
            "CREATE OR REPLACE VIEW": self._view, "CREATE DATABASE": self._database, "DROP VIEW": self._view,
            "ALTER TABLE": self._alter, "DROP TABLE": self._drop, "DELETE FROM": self._delete,
            "SYSTEM SYNC REPLICA": self._sync,
        }  # fmt: skip
        for form, render in forms.items():
            if self._take(form):
                return render()
        raise self._unknown()

    def _create(self) -> list[str]:
        self._take("IF NOT EXISTS")
        table = self._name()
        if not hashed(table) and not whole(table):
            return [self._placed(table)]
        if self._take("AS"):
            return [self._placed(table, local(table), {("AS", self._name()): _rows_of}), self._distributed(table)]
        outside = (at for at in range(self._at, len(self._words)) if self._words[at].depth == 0)
        self._at = next((at for at in outside if self._here("ENGINE", at)), self._at)
        if not self._take("ENGINE") or not self._take("="):
            raise self._unknown()
        return self._everywhere(table) if whole(table) else self._replicated(table)

    def _replicated(self, table: str) -> list[str]:
        """MergeTree and its kin -> the same, replicated; and the Distributed table over it."""
        engine, first = self._word(), self._words[self._at]
        if engine not in _ENGINES:
            raise self._unknown()
        keeper = "('/clickhouse/tables/{uuid}/{shard}', '{replica}'"
        more = f", {self._within()}" if self._take("(") else ""
        rest = self._text[self._words[self._at].start :] if more else self._text[first.start :]
        tail = self._windowed(rest.rstrip())
        head = self._text[self._words[0].start : self._before(engine)]
        made = self._moved(head, table, local(table))
        return [f"{made}Replicated{engine}{keeper}{more}) {tail}", self._distributed(table)]

    def _everywhere(self, table: str) -> list[str]:
        if self._word() != "Memory" or self._words[self._at].text:
            raise self._unknown()
        made = self._moved(self._text[self._words[0].start : self._before("Memory")], table, "")
        return [f"{made}ReplicatedMergeTree('/clickhouse/tables/{{uuid}}', '{{shard}}_{{replica}}') ORDER BY tuple()"]

    def _windowed(self, rest: str) -> str:
        """The window of tokens of a replicated table; none where there was none."""
        at = next((word.end for word in words(rest) if word.says("SETTINGS")), None)
        if at is None:
            return f"{rest} SETTINGS replicated_deduplication_window = 0"
        if _WINDOW not in self._decided(rest[at:]):
            return f"{rest},\n    replicated_deduplication_window = 0"
        seconds = f"replicated_deduplication_window_seconds = {_WINDOW_SECONDS}"
        return rest.replace(_WINDOW, f"{seconds},\n    replicated_deduplication_window")

    def _decided(self, settings: str) -> set[str]:
        """Names of settings, each of which means the same on a replicated table."""
        found = words(settings)
        names = {one.text for one, after in itertools.pairwise(found) if after.text == "="}
        if strange := names - _SETTINGS:
            raise Unknown(f"What the setting {strange.pop()} is on a replicated table is not decided.")
        return names

    def _distributed(self, table: str) -> str:
        some = "IF NOT EXISTS " if "IF NOT EXISTS" in self._text[: self._words[self._at].start].upper() else ""
        over = f"`{self._cluster.name}`, `{self._cluster.database}`, `{local(table)}`, cityHash64({hashed(table)})"
        there = self._cluster.full(local(table))
        return f"CREATE TABLE {some}{self._cluster.full(table)}{self._on} AS {there} ENGINE = Distributed({over})"

    def _materialized(self) -> list[str]:
        """Each node's view reads what is inserted there, and writes there."""
        self._take("IF NOT EXISTS")
        name = self._name()
        if not self._take("TO"):
            raise self._unknown()
        named = {("TO", self._name()): _rows_of}
        for at in range(self._at, len(self._words)):
            if self._here("JOIN", at) or (self._here("IN", at) and self._here("SELECT", at + 2)):
                raise Unknown(f"The view {name} reads more than the rows that are inserted: what would that be here?")
            if self._here("FROM", at) and self._words[at + 1].text != "(":
                named["FROM", self._words[at + 1].text] = _rows_of
        return [self._placed(name, name, named)]

    def _view(self) -> list[str]:
        self._take("IF NOT EXISTS")
        self._take("IF EXISTS")
        read = {(how, one): str for how in ("FROM", "JOIN") for one in (*SHARDED, *VIEWS)}
        return [self._placed(self._name(), others=read)]

    def _database(self) -> list[str]:
        name = self._words[-2]
        return [f"{self._text[: name.end]}{self._on}{self._text[name.end :]}"]

    def _alter(self) -> list[str]:
        table = self._name()
        if not hashed(table):
            return [self._placed(table)]
        if self._take("MOVE PARTITION ID"):
            self._at += 1
            if not self._take("TO TABLE"):
                raise self._unknown()
            return [self._placed(table, local(table), {("TABLE", self._name()): _rows_of})]
        actions = self._actions()
        if all(action.startswith(_OF_ROWS) for action in actions):
            return [self._placed(table, local(table))]
        if all(action.startswith(_OF_BOTH) for action in actions):
            return [self._placed(table, local(table)), self._placed(table)]
        if self._take("MODIFY SETTING"):
            self._decided(self._text[self._words[self._at].start :])
            return [self._placed(table, local(table))]
        raise self._unknown()

    def _actions(self) -> list[str]:
        """The first two words of each."""
        starts = [self._at]
        if not self._here("DELETE", self._at):
            more = range(self._at, len(self._words))
            starts += [at + 1 for at in more if self._words[at].text == "," and self._words[at].depth == 0]
        return [f"{self._words[at].text} {self._words[at + 1].text}".upper() for at in starts]

    def _drop(self) -> list[str]:
        self._take("IF EXISTS")
        table = self._name()
        sync = "" if self._words[-2].says("SYNC") else " SYNC"  # its place in Keeper is free when it is made again
        ways = [self._placed(table), self._placed(table, local(table))] if hashed(table) else [self._placed(table)]
        return [f"{one}{sync}" for one in ways]

    def _delete(self) -> list[str]:
        table = self._name()
        if not hashed(table):
            raise self._unknown()
        return [self._placed(table, local(table))]

    def _sync(self) -> list[str]:
        table = self._name()
        there = local(table) if hashed(table) else table
        mode = self._text[self._words[self._at - 1].end :]
        return [f"SYSTEM SYNC REPLICA{self._on} {self._cluster.full(there)}{mode}"]

    def _placed(self, table: str, instead: str = "", others: Renaming | None = None) -> str:
        """The statement on all nodes, with the table's name changed and those of others."""
        return self._moved(self._text[self._words[0].start :], table, instead, others)

    def _moved(self, text: str, table: str, instead: str, others: Renaming | None = None) -> str:
        """`text` begins with the statement. The first word that is `table` is what it is about."""
        said, made, end = words(text), "", 0
        about = next(at for at, word in enumerate(said) if _plain(word.text) == table)
        for at, word in enumerate(said):
            name = _plain(word.text)
            if at == about:
                made, end = f"{made}{text[end : word.start]}{self._cluster.full(instead or name)}{self._on}", word.end
            elif others and (rename := others.get((said[at - 1].text.upper(), name))):
                made, end = f"{made}{text[end : word.start]}{self._cluster.full(rename(name))}", word.end
        return made + text[end:]

    def _take(self, form: str) -> bool:
        """Step over these words, if they come next."""
        wanted = form.split()
        if any(not self._here(word, self._at + step) for step, word in enumerate(wanted)):
            return False
        self._at += len(wanted)
        return True

    def _here(self, word: str, at: int) -> bool:
        return at < len(self._words) and self._words[at].says(word)

    def _word(self) -> str:
        self._at += 1
        return self._words[self._at - 1].text

    def _name(self) -> str:
        name = _plain(self._word())
        if not name.isidentifier() or self._words[self._at].text == ".":
            raise self._unknown()
        return name

    def _within(self) -> str:
        """What stands in the brackets that were just opened; steps behind them."""
        first = self._at
        depth = self._words[first - 1].depth
        while self._words[self._at].depth > depth:
            self._at += 1
        inside = self._text[self._words[first].start : self._words[self._at - 1].end] if self._at > first else ""
        self._at += 1
        return inside

    def _before(self, engine: str) -> int:
        return max(word.start for word in self._words[: self._at] if word.text == engine)

    def _unknown(self) -> Unknown:
        return Unknown(f"How this is said to a cluster is not decided: {' '.join(self._text.split())[:100]}")


def _plain(name: str) -> str:
    return name.strip('`"')


def _rows_of(table: str) -> str:
    """Where a node has its rows of a table. Raises `Unknown` where the table is not sharded."""
    if not hashed(table):
        raise Unknown(f"{table} is not a sharded table: {', '.join(sorted(SHARDED))}")
    return local(table)
