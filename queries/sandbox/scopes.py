"""The first belt's second half: every name of a table becomes a view's own subquery or a query of the statement's WITH.

Queries of WITH get names that no table has. So a name that is taken for the wrong thing finds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from queries.sandbox.check import Check
from queries.sandbox.dialect import Scan
from queries.sandbox.spans import span_of
from queries.sandbox.views import RESERVED, VIEWS


@dataclass
class Scopes:
    """Replaces the tables of one tree in place. `views` are the names of those that it reads."""

    check: Check
    views: set[str] = field(default_factory=set)
    _count: int = 0

    def resolve(self, node: exp.Expr, names: Mapping[str, str]) -> None:
        """`names`: the queries of every WITH that is seen from here -> their new names. Raises `Unfit`."""
        found = node.args.get("with_")
        if isinstance(found, exp.With):
            names = self._with(found, names)
        for child in list(node.iter_expressions()):
            if child is found:
                continue
            if isinstance(child, exp.Final):  # every view gives each row once
                child = child.replace(child.this)  # noqa: PLW2901
            if isinstance(child, exp.Table):
                self._table(child, names)
            else:
                self.resolve(child, names)

    def _with(self, found: exp.With, names: Mapping[str, str]) -> Mapping[str, str]:
        """Each query sees those before it, and those around the whole."""
        seen: dict[str, str] = dict(names)
        own: set[str] = set()
        for cte in found.expressions:
            self.resolve(cte.this, seen)
            if cte.alias in own:
                raise self.check.unfit("name", f"{cte.alias} is there twice in WITH.", cte)
            own.add(cte.alias)
            if not cte.args.get("scalar"):
                self._count += 1
                seen[cte.alias] = f"{RESERVED}with_{self._count}"
                cte.set("alias", exp.TableAlias(this=exp.to_identifier(seen[cte.alias])))
        return seen

    def _table(self, table: exp.Table, names: Mapping[str, str]) -> None:
        name = table.name
        alias = exp.to_identifier(table.alias or name)
        if name in names:
            table.replace(exp.Table(this=exp.to_identifier(names[name]), alias=exp.TableAlias(this=alias)))
            return
        if name not in VIEWS:
            sentence = f"There is no view {name}. There are {', '.join(VIEWS)}, and what WITH names."
            raise self.check.unfit("table", sentence, table)
        self.views.add(name)
        since, until = span_of(table) if name == "sessions" else (None, None)
        table.replace(Scan(this=exp.Literal.string(VIEWS[name].text), alias=alias, since=since, until=until))


def sealed(tree: exp.Expr) -> bool:
    """Whether nothing is left that could be a table of the engine: looked at again, when all is done."""
    return all(one.name.startswith(RESERVED) and not one.args.get("db") for one in tree.find_all(exp.Table))
