"""The live screen of `headrace top`."""

import asyncio
from collections import deque
from typing import Any, ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, RichLog, Static

from clients.cli.errors import CliError, Transient
from clients.cli.output import printable
from clients.cli.service import Service
from clients.cli.top import picture
from clients.cli.top.feed import Feed
from clients.cli.top.flow import Pipeline, PipelineAnswer
from clients.cli.top.pace import Pace

PATH = "/api/v1/pipeline"
#: events that are kept, also while nothing moves
_KEPT = 500
#: longer nobody who looks at a screen waits
_ANSWER_SECONDS = 5.0
#: rows that all but the shards need, and from which on there is room between the parts
_OTHERS, _TALL = 18, 32

HELP = """\
headrace top

q, Ctrl-C   quit
p, space    pause: nothing moves until it is pressed again
f, /        show only events of one name; empty shows all
tab         go to the events, and scroll them with the arrows
?           this help

accepted    written into the queue and acknowledged
stored      visible to questions
rejected    acknowledged, and no row can hold it: headrace rejected list
lag         how long the oldest event that is not visible yet waits

docs/pipeline.md says what each alarm means. Any key closes this."""


class Help(ModalScreen[None]):
    """What the keys do."""

    CSS = """
    Help { align: center middle; }
    Help Static { width: 76; height: auto; max-height: 100%; border: round $foreground; padding: 0 1; }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(HELP, markup=False)

    def on_key(self) -> None:
        """Any."""
        self.dismiss()


class Top(App[CliError]):
    """Asks every `interval` seconds. Ends with an error where the first answer says that asking is no use."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "headrace top"
    CSS = """
    Screen { background: transparent; overflow: hidden; }
    Static { height: auto; background: transparent; }
    #status { display: none; }
    #status.told { display: block; }
    Screen.tall #rates, Screen.tall #shards, Screen.tall #workers, Screen.tall #heading { margin-top: 1; }
    RichLog { height: 1fr; background: transparent; scrollbar-size: 0 0; }
    Input { display: none; height: 1; border: none; padding: 0; background: transparent; }
    Input.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
        Binding("p,space", "pause", "Pause"),
        Binding("f,slash", "filter", "Filter events"),
        Binding("question_mark", "help", "Help"),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, service: Service, interval: float, params: dict[str, str], event_type: str) -> None:
        super().__init__(ansi_color=True)  # said here, else NO_COLOR would be black on black
        self._service = service
        self._interval = interval
        self._params = params
        self._event_type = event_type
        self._pace = Pace()
        self._last: Pipeline | None = None
        self._away = ""
        self._paused = False
        self._held: deque[Text] = deque(maxlen=_KEPT)

    def compose(self) -> ComposeResult:
        """From the top: whose, what is wrong with the connection, the pipeline, the events."""
        for part in ("header", "status", "alarms", "rates", "shards", "workers", "stores", "heading"):
            yield Static(id=part, markup=False)
        yield RichLog(max_lines=_KEPT, min_width=20)
        yield Input(
            placeholder="name of events to show, empty for all; Enter, or Escape to leave", select_on_focus=False
        )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """The colours are the terminal's own."""
        self.theme = "ansi-dark"
        self._put("header", "headrace  asking ...")
        self.run_worker(self._ask(), group="pipeline")
        self._follow()

    def on_resize(self) -> None:
        """Drawn anew: what fits depends on it."""
        self.screen_stack[0].set_class(self.size.height >= _TALL, "tall")
        self._draw()

    def action_pause(self) -> None:
        """Stop, and go on."""
        self._paused = not self._paused
        if not self._paused:
            self._draw()
            for event in self._held:
                self._events.write(event)
            self._held.clear()
        self._tell()

    def action_filter(self) -> None:
        """Ask for a name."""
        field = self.query_one(Input)
        field.value = self._event_type
        field.add_class("open")
        field.focus()

    def action_leave(self) -> None:
        """Without choosing one."""
        self.query_one(Input).remove_class("open")
        self._events.focus()

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Help())

    @on(Input.Submitted)
    def choose(self, chosen: Input.Submitted) -> None:
        """Only events of this name from now on, and the last ones of it."""
        self._event_type = chosen.value.strip()
        self.action_leave()
        self._follow()

    @property
    def _events(self) -> RichLog:
        return self.query_one(RichLog)

    def _put(self, name: str, shown: RenderableType) -> None:
        """In a group, for a text by itself would lose the terminal's own colours."""
        self.query_one(f"#{name}", Static).update(Group(shown))

    async def _ask(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answer = await self._service.manage("GET", PATH, params=self._params)
                self._last = answer.decode(PipelineAnswer).data
                self._pace.add(self._last)
                self._away = ""
            except (Transient, TimeoutError) as why:
                told = str(why) or f"The query service has not answered for {_ANSWER_SECONDS:g} s."
                self._away = f"{told} Trying again every {self._interval:g} s."
            except CliError as why:
                if self._last is None:
                    self.exit(why)
                    return
                self._away = str(why)
            if not self.is_running:  # it closes, and has no parts any more
                return
            if not self._paused:
                self._draw()
            self._tell()
            await asyncio.sleep(self._interval)

    def _follow(self) -> None:
        self._events.clear()
        self._held.clear()
        self._head("")
        self.run_worker(
            Feed(self._service, self._event_type, self._show, self._head).run(), group="events", exclusive=True
        )

    def _show(self, event: dict[str, Any]) -> None:
        if not self.is_running:
            return
        shown = picture.event(event, self.size.width)
        if self._paused:
            self._held.append(shown)
        else:
            self._events.write(shown)

    def _head(self, trouble: str) -> None:
        if not self.is_running:
            return
        what = f"events named {printable(self._event_type)}" if self._event_type else "events as they become queryable"
        self._put("heading", Text.assemble((what, "dim"), (f"   {printable(trouble)}" if trouble else "", "yellow")))

    def _tell(self) -> None:
        """What stands between the screen and the truth."""
        told = [("paused: p goes on", "reverse")] if self._paused else []
        if self._away:
            as_of = f" As of {self._last.now:%H:%M:%S}Z:" if self._last else ""
            told.append((f"✗ {printable(self._away)}{as_of}", "bold red"))
        self.query_one("#status").set_class(bool(told), "told")
        self.query_one("#alarms").display = bool(self._last and self._last.alarms) or not self._away
        self._put("status", Text("  ").join(Text(*one) for one in told))

    def _draw(self) -> None:
        one, width = self._last, self.size.width
        if one is None:
            return
        self._put("header", picture.header(one))
        self._put("rates", picture.rates(one, self._pace.per_second(), width))
        most = max(4, self.size.height - _OTHERS)
        self._put("shards", picture.shards(one.shards, one.workers is not None, most))
        self.query_one("#workers").display = one.workers is not None
        if one.workers is not None:
            self._put("workers", picture.workers(one.workers, one.now))
        self._put("stores", picture.stores(one))
        self._put("alarms", picture.alarms(one.alarms, one.now))
