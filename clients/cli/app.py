"""The `headrace` command: which commands there are, the global options, and how every run ends."""

import asyncio
import inspect
import io
import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated

from cyclopts import App, Group, Parameter
from cyclopts.exceptions import CycloptsError

from clients.cli import alerts as watched
from clients.cli import backup, durability, keys, projects, settings
from clients.cli import identity as identities
from clients.cli import rejected as workbench
from clients.cli import report as reports
from clients.cli import saved as saved_queries
from clients.cli import schema as schemas
from clients.cli.bench.command import bench
from clients.cli.catalog import catalog
from clients.cli.erase import erase, show_erasure
from clients.cli.errors import CliError, Exit
from clients.cli.export import export
from clients.cli.ledger import ledger
from clients.cli.output import Invocation, Output
from clients.cli.plan.command import plan
from clients.cli.redrive import redrive_rejected
from clients.cli.send import send
from clients.cli.shards import raise_shards, show_shards
from clients.cli.sql import sql
from clients.cli.stats import stats
from clients.cli.tail import tail

ABOUT = """\
Send events to Headrace, ask for stats, and look after an installation.

Settings: HEADRACE_URL (or HEADRACE_INGEST_URL and HEADRACE_QUERY_URL), HEADRACE_WRITE_KEY, HEADRACE_QUERY_KEY, \
HEADRACE_ADMIN_KEY, HEADRACE_DELETE_KEY, HEADRACE_SITE_ID, HEADRACE_REDIS_URL, HEADRACE_CLICKHOUSE_URL. What is \
not set is read from .headrace/demo.env, which `make up` writes."""
ENDS = (
    "Exit codes: 0 ok; 1 the answer is no (events rejected, not found, doctor found a problem); 2 wrong usage; "
    "3 the service could not be reached or refused the key; 70 a fault of this program; 130 interrupted."
)
DOCTOR = """\
Check every part that is configured, and say what to do about each that is not well.

headrace doctor
headrace doctor --json | jq '.checks[] | select(.state != "ok")'"""
MIGRATE = """\
Show what the schema in ClickHouse lacks of this build, or apply it, before or after an upgrade.

headrace migrate
headrace migrate apply --phase pre
headrace migrate apply --phase post"""
REPLAY = """\
Insert again what ClickHouse lost, from the streams or from the archive.

headrace replay --from 2026-11-21T14:00:00Z --to 2026-11-21T15:00:00Z
headrace replay --from-archive --from 7d"""
ROLLUPS = """\
Show how far hours are rolled up.

headrace rollups
headrace rollups --again shop"""
BACKUP = """\
Back up the whole installation as it is at one moment, while it goes on.

headrace backup /backups/2026-11-22
headrace backup s3://backups/headrace/2026-11-22"""
RESTORE = """\
Restore an installation into empty stores, while no service runs.

headrace restore /backups/2026-11-22 --check
headrace restore /backups/2026-11-22"""
TOP = """\
Watch the pipeline: rates, shards, workers, what is wrong, and the last events.

headrace top
headrace top --project shop --event-type order_completed
headrace top --once | head -1
headrace top --json | jq .data.alarms

With a query key: of its project. With an admin key: of all projects, with workers, owners and all alarms; the events \
are then those of the query key, if there is one. Keys: q quit, p pause, f filter events, ? help."""
GLOBAL = Group("Global options", sort_key=100)

app = App(
    name="headrace",
    help=ABOUT,
    help_format="plaintext",
    help_epilogue=ENDS,
    version=lambda: version("headrace"),
    suppress_keyboard_interrupt=False,
)
app.meta.suppress_keyboard_interrupt = False  # `run` says how an interrupted command ends
project = App(name="project", help="Make, change and list projects, and keep a copy of them.")
rejected = App(name="rejected", help="See acknowledged events that could not be stored, and put them back.")
identity = App(name="identity", help="See which anonymous ids are whose, and say it yourself.")
schema = App(name="schema", help="Say what events must look like, and try it on stored ones.")
queries = App(name="queries", help="Keep questions under names, and ask them again.")
alerts = App(name="alerts", help="Watch a project, and tell somebody.")
report = App(name="report", help="Funnels, retention, paths of visits, and the usual lists.")
key = App(name="key", help="Make, replace, list and revoke keys.")
shards = App(name="shards", help="See how many shards there are, and raise their number while everything goes on.")

app.command(send)
app.command(stats)
app.command(sql)
app.command(tail)
app.command("clients.cli.top.command:top", help=TOP)  # by name: no other command needs the terminal library
app.command(ledger)
app.command(export)
app.command(rejected)
rejected.command(workbench.list_rejected, name="list")
rejected.command(workbench.show_rejected, name="show")
rejected.command(redrive_rejected, name="redrive")
rejected.command(workbench.allow_shard, name="allow")
app.command("clients.cli.doctor:doctor", help=DOCTOR)  # by name: no other command needs the ClickHouse client
app.command(durability.keep_at, name="durability")
app.command(shards)
shards.default(show_shards)
shards.command(raise_shards, name="raise")
app.command("clients.cli.migrate:migrate", help=MIGRATE)  # by name, for the same reason
app.command("clients.cli.replay:replay", help=REPLAY)  # by name, for the same reason
app.command("clients.cli.rollups:rollups", help=ROLLUPS)  # by name, for the same reason
app.command(plan)
app.command(bench)
app.command("clients.cli.vault:backup", help=BACKUP)  # by name, for the same reason
app.command("clients.cli.vault:restore", help=RESTORE)  # by name, for the same reason
app.command(erase)
app.command(show_erasure, name="erasure")
app.command(identity)
identity.command(identities.show_identity, name="show")
identity.command(identities.show_user, name="user")
identity.command(identities.link_identity, name="link")
identity.command(identities.unlink_identity, name="unlink")
app.command(catalog)
app.command(schema)
schema.command(schemas.list_schemas, name="list")
schema.command(schemas.show_schema, name="show")
schema.command(schemas.set_schema, name="set")
schema.command(schemas.remove_schema, name="remove")
schema.command(schemas.check_schema, name="check")
app.command(report)
report.command(reports.funnel, name="funnel")
report.command(reports.retention, name="retention")
report.command(reports.paths, name="paths")
report.command(reports.top, name="top")
app.command(queries)
queries.command(saved_queries.list_queries, name="list")
queries.command(saved_queries.save_query, name="save")
queries.command(saved_queries.show_query, name="show")
queries.command(saved_queries.run_query, name="run")
queries.command(saved_queries.remove_query, name="remove")
app.command(alerts)
alerts.command(watched.list_alerts, name="list")
alerts.command(watched.set_alert, name="set")
alerts.command(watched.show_alert, name="show")
alerts.command(watched.remove_alert, name="remove")
alerts.command(watched.test_alert, name="test")
app.command(project)
project.command(projects.create_project, name="create")
project.command(projects.list_projects, name="list")
project.command(projects.set_project, name="set")
project.command(backup.export_projects, name="export")
project.command(backup.import_projects, name="import")
app.command(key)
key.command(keys.create_key, name="create")
key.command(keys.list_keys, name="list")
key.command(keys.rotate_key, name="rotate")
key.command(keys.revoke_key, name="revoke")


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    url: Annotated[str | None, Parameter(group=GLOBAL)] = None,
    key: Annotated[str | None, Parameter(group=GLOBAL)] = None,
    json: Annotated[bool, Parameter(group=GLOBAL, negative=())] = False,
) -> Exit:
    """Take the global options, wherever they stand, and run the command.

    Parameters
    ----------
    url
        Address of the service; default HEADRACE_URL.
    key
        The key to use. Better kept in the environment, which other users of the machine cannot see.
    json
        Print one JSON document (for tail one a line) on stdout and nothing else.
    """
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    if "cli" in ignored:
        found = settings.load(url=url, key=key)
        bound.arguments["cli"] = Invocation(found, Output(json=json), overridden=bool(url or key))
    result = command(*bound.args, **bound.kwargs)
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    return Exit(result or 0)


def main() -> None:
    """Entry point. Ends the process with one of `Exit`, and with a sentence instead of a traceback."""
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries log is no message for people
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> Exit:
    """Run one command line."""
    for standard in (sys.stdout, sys.stderr):
        if isinstance(standard, io.TextIOWrapper):
            standard.reconfigure(errors="replace")  # a terminal without these letters gets question marks
    try:
        ended: Exit = app.meta(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return ended or Exit.OK
    except KeyboardInterrupt:
        Output().note("Interrupted.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader, `head` perhaps, has what it wanted; nothing more can be written, not even on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:
        if os.environ.get("HEADRACE_DEBUG") == "1":
            raise
        return _tell(error, Output(json="--json" in arguments, lines="tail" in arguments))


def _tell(error: Exception, output: Output) -> Exit:
    if isinstance(error, CliError):
        output.error(str(error), error.code, error.document)
        return error.code
    if isinstance(error, CycloptsError):
        output.error(f"{error} See `headrace --help`.", Exit.USAGE)
        return Exit.USAGE
    output.error(f"A fault of this program: {type(error).__name__}: {error}. HEADRACE_DEBUG=1 shows where.", Exit.FAULT)
    return Exit.FAULT
