"""Binder: collects the parameters of one statement. Text of SQL comes from tables in code alone. Leaf, no I/O."""

from collections.abc import Callable, Mapping


class Binder:
    """Gives each value a name of its own; equal values share one.

    `zone`: IANA name of the time zone in which hours and days are told.
    `doers`: condition on events -> a SELECT of the keys (`filters.KEY`) of everybody who has such an event in the
    range; None where nobody can be asked for what they did.
    """

    def __init__(
        self,
        parameters: Mapping[str, object] | None = None,
        *,
        zone: str = "UTC",
        doers: Callable[[str], str] | None = None,
    ) -> None:
        self.parameters: dict[str, object] = dict(parameters or {})
        self.zone = zone
        self.doers = doers
        self._names: dict[tuple[str, str], str] = {}

    def bind(self, value: object, kind: str) -> str:
        """The placeholder of a value, `{p0:String}`; `kind` is ClickHouse's type."""
        name = self._names.setdefault((kind, repr(value)), f"p{len(self._names)}")
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"
