"""DECLARE and FETCH: cursors of SQL, which are portals with a name."""

from collections.abc import Sequence

from pygwire import messages

from queries.psql.commands import cursor_name
from queries.psql.portals import Portal, Prepared
from queries.psql.replies import Replies
from queries.psql.runner import Runner
from queries.psql.sqlstate import FEATURE_NOT_SUPPORTED, NO_TRANSACTION, SYNTAX_ERROR, Failure
from queries.psql.state import State
from queries.psql.statements import Statement, split

WORDS = frozenset(("DECLARE", "FETCH"))
_FORWARD = frozenset(("FORWARD", "NEXT"))


async def run(statement: Statement, state: State, runner: Runner, replies: Replies) -> None:
    """Follow DECLARE or FETCH. Raises `Failure`, and what the store raises."""
    if statement.first == "DECLARE":
        await _declare(statement, state, runner)
        replies.say(messages.CommandComplete(tag="DECLARE CURSOR"))
        return
    most, name = _fetch(statement.words[1:])
    await replies.fetched(state.portal(name), most)


async def _declare(statement: Statement, state: State, runner: Runner) -> None:
    words = statement.words
    if "FOR" not in words or "CURSOR" not in words:
        raise Failure(SYNTAX_ERROR, "A cursor is declared so: DECLARE name CURSOR FOR SELECT …")
    if "HOLD" in words[: words.index("FOR")] and "WITHOUT" not in words:
        raise Failure(FEATURE_NOT_SUPPORTED, "A cursor ends with its transaction here: leave WITH HOLD out.")
    if "BINARY" in words[: words.index("CURSOR")]:
        raise Failure(FEATURE_NOT_SUPPORTED, "A cursor answers in text here: leave BINARY out.")
    if state.status == "I":
        raise Failure(NO_TRANSACTION, "DECLARE CURSOR can only be used in transaction blocks")
    inner = split(statement.behind("FOR"))
    if len(inner) != 1 or not inner[0].reads:
        raise Failure(SYNTAX_ERROR, "A cursor is declared for one SELECT.")
    portal = Portal(Prepared(inner[0]))
    await state.open(cursor_name(words[1:2]), portal)
    portal.begin(await runner.read(inner[0]))
    await portal.park()


def _fetch(words: Sequence[str]) -> tuple[int, str]:
    """How many rows, 0 for all, and of which cursor."""
    left = [word for word in words if word not in {"FROM", "IN"}]
    name = cursor_name(left[-1:])
    count = left[:-1]
    if count[:1] and count[0] in _FORWARD:
        count = count[1:] if count[0] == "FORWARD" and count[1:] else ["1"]
    if count == ["ALL"]:
        return 0, name
    if not count or (len(count) == 1 and count[0].isdigit() and int(count[0][:9]) > 0):
        return int(count[0][:9]) if count else 1, name
    raise Failure(FEATURE_NOT_SUPPORTED, "A cursor only goes forward here: FETCH FORWARD n FROM name.")
