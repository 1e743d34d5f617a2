"""What a load needs: each figure with the arithmetic that it comes from. Pure."""

import math

import msgspec

from clients.cli.plan.costs import Costs
from clients.cli.plan.demand import Demand
from ingest_api.stream import MAX_SHARDS

DAY_SECONDS = 86_400
_GIB = 1 << 30
_LEAST_SHARDS = 2
_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


class Line(msgspec.Struct, frozen=True):
    """One figure. `value` is in `unit`; `sum` is how it came about."""

    part: str
    what: str
    value: float
    unit: str
    sum: str

    @property
    def shown(self) -> str:
        """The figure as people read it."""
        if self.unit == "bytes":
            return size(self.value)
        return f"{number(self.value)} {self.unit}".strip()


class Sheet:
    """Figures of a plan in their order; later ones build on earlier ones."""

    def __init__(self, demand: Demand, costs: Costs) -> None:
        self.demand = demand
        self.costs = costs
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self._values: dict[str, float] = {}
        #: speeds were measured with events of one size; longer ones take proportionally more
        self.weight = max(1.0, demand.event_bytes / costs.speeds.event_bytes)
        self.load = demand.events_per_second * self.weight

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def put(self, name: str, what: str, value: float, unit: str, text: str) -> float:
        """Add a figure; `name` is "part.figure"."""
        self._values[name] = value
        self.lines.append(Line(name.partition(".")[0], what, value, unit, text))
        return value

    @property
    def rate(self) -> str:
        """The load as it stands in sums."""
        return _weighed(self.demand.events_per_second, self.weight)


def reckon(demand: Demand, costs: Costs) -> Sheet:
    """The whole plan."""
    sheet = Sheet(demand, costs)
    for part in (_traffic, _front_doors, _workers, _redis, _shards, _clickhouse, _machines):
        part(sheet)
    return sheet


def _traffic(sheet: Sheet) -> None:
    demand = sheet.demand
    each = number(demand.events_per_second)
    sheet.put("traffic.day", "events a day", demand.events_per_second * DAY_SECONDS, "", f"{each} x 86,400 s")
    sheet.put(
        "traffic.bytes", "into the front doors, a second", demand.events_per_second * demand.event_bytes, "bytes",
        f"{each} x {number(demand.event_bytes)} bytes, unpacked",
    )  # fmt: skip


def _front_doors(sheet: Sheet) -> None:
    speeds, room, demand = sheet.costs.speeds, sheet.costs.headroom, sheet.demand
    each, least = speeds.front_door_at(demand.batch), min(2, demand.replicas)
    wanted = sheet.load / (each * room.load)
    text = f"{sheet.rate} / ({number(each)} x {room.load:.0%}) = {wanted:.2f}{_least(wanted, least)}"
    sheet.put("front door.processes", "processes, a core each", max(least, math.ceil(wanted)), "", text)


def _workers(sheet: Sheet) -> None:
    speeds, room, demand = sheet.costs.speeds, sheet.costs.headroom, sheet.demand
    least = min(2, demand.replicas)
    wanted = sheet.load / (speeds.worker * room.load)
    text = f"{sheet.rate} / ({number(speeds.worker)} x {room.load:.0%}) = {wanted:.2f}{_least(wanted, least)}"
    count = sheet.put("workers.processes", "processes, a core each", max(least, math.ceil(wanted)), "", text)
    most = count * speeds.worker / sheet.weight
    sheet.put(
        "workers.catch_up", "minutes to catch up after the outage",
        demand.outage * demand.events_per_second / (most - demand.events_per_second) / 60, "min",
        f"{number(demand.events_per_second)} x {number(demand.outage)} s / ({number(most)} at full speed - "
        f"{number(demand.events_per_second)})",
    )  # fmt: skip


def _redis(sheet: Sheet) -> None:
    sizes, room, demand = sheet.costs.sizes, sheet.costs.headroom, sheet.demand
    each = number(demand.events_per_second)
    frame = sizes.of(demand.event_bytes, sizes.frame, sizes.frame_byte)
    seconds = max(demand.outage, demand.keep)
    frames = sheet.put(
        "redis.frames", "frames", demand.events_per_second * seconds * frame, "bytes",
        f"{each} x {number(seconds)} s x {frame:.0f} bytes; the longer of outage and kept tail, which gives way",
    )  # fmt: skip
    index = sheet.put(
        "redis.index", "index of idempotency keys",
        demand.events_per_second * demand.keyed * 2 * demand.window * sizes.key, "bytes",
        f"{each} x {demand.keyed:.0%} x 2 windows x {number(demand.window)} s x {sizes.key:.0f} bytes",
    )  # fmt: skip
    memory = sheet.put(
        "redis.memory", "maxmemory, all primaries together", (frames + index) / room.redis_memory, "bytes",
        f"({size(frames)} + {size(index)}) / {room.redis_memory:.0%}, where events are shed",
    )  # fmt: skip
    _primaries(sheet, memory, frames + index)


def _primaries(sheet: Sheet, memory: float, held: float) -> None:
    speeds, room, demand = sheet.costs.speeds, sheet.costs.headroom, sheet.demand
    usable = demand.machine.memory * room.redis_machine
    by_rate, by_memory = sheet.load / (speeds.redis * room.load), memory / usable
    count = sheet.put(
        "redis.primaries", "primaries", math.ceil(max(by_rate, by_memory)), "",
        f"the larger of {sheet.rate} / ({number(speeds.redis)} x {room.load:.0%}) = {by_rate:.2f} and "
        f"{size(memory)} / {size(usable)} = {by_memory:.2f}",
    )  # fmt: skip
    sheet.put("redis.each", "maxmemory of each", memory / count, "bytes", f"{size(memory)} / {number(count)}")
    sheet.put(
        "redis.disk", "disk of each", held / count * room.redis_disk, "bytes",
        f"{size(held)} / {number(count)} x {room.redis_disk:g}: append-only file, its growth, its rewrite",
    )  # fmt: skip
    appended = sheet.costs.sizes.of(demand.event_bytes, sheet.costs.sizes.appended, sheet.costs.sizes.appended_byte)
    sheet.put(
        "redis.written", "written to each disk, a second", demand.events_per_second * appended / count, "bytes",
        f"{number(demand.events_per_second)} x {appended:.0f} bytes / {number(count)}",
    )  # fmt: skip


def _shards(sheet: Sheet) -> None:
    workers, primaries = sheet["workers.processes"], sheet["redis.primaries"]
    wanted = max(_LEAST_SHARDS, 2 * workers, primaries)
    rounded = 2 ** math.ceil(math.log2(wanted))
    count = sheet.put(
        "shards.installations", "installations", math.ceil(max(workers, primaries) / MAX_SHARDS), "",
        f"an installation has at most {MAX_SHARDS} shards, a shard one worker and one Redis",
    )  # fmt: skip
    sheet.put(
        "shards.count", "shards of each", min(MAX_SHARDS, rounded), "",
        f"2 x {number(workers)} workers, so that they may double; a power of two from {_LEAST_SHARDS} to {MAX_SHARDS}",
    )  # fmt: skip
    if primaries > count:
        sheet.notes.append(
            f"{number(primaries)} Redis primaries: `HEADRACE_REDIS_URL` names a small control server, then those of an "
            'installation. See docs/scale.md, "Past one Redis"; several together were tried, and not measured.'
        )


def _clickhouse(sheet: Sheet) -> None:
    speeds, sizes, room, demand = sheet.costs.speeds, sheet.costs.sizes, sheet.costs.headroom, sheet.demand
    cores = sheet.put(
        "clickhouse.cores", "cores, one copy", sheet.load * speeds.clickhouse_us / 1e6 / room.clickhouse_load, "",
        f"{sheet.rate} x {speeds.clickhouse_us:g} us / {room.clickhouse_load:.0%}",
    )  # fmt: skip
    stored = sizes.of(demand.event_bytes, sizes.stored, sizes.stored_byte)
    disk = sheet.put(
        "clickhouse.disk", "disk, one copy",
        demand.events_per_second * demand.retention * stored / room.clickhouse_disk, "bytes",
        f"{number(demand.events_per_second)} x {number(demand.retention / DAY_SECONDS)} d x 86,400 s x {stored:.0f} "
        f"bytes / {room.clickhouse_disk:.0%}",
    )  # fmt: skip
    by_cores, by_disk = cores / demand.machine.cores, disk / demand.machine.disk
    shards = sheet.put(
        "clickhouse.shards", "shards of its cluster", math.ceil(max(by_cores, by_disk)), "",
        f"the larger of {cores:.1f} / {demand.machine.cores} cores and {size(disk)} / {size(demand.machine.disk)}",
    )  # fmt: skip
    if shards > 1 or demand.replicas > 1:
        sheet.notes.append(
            "More than one ClickHouse server: a cluster, whose number of shards is chosen once. See docs/scale.md for "
            "what was tried of it."
        )


def _machines(sheet: Sheet) -> None:
    speeds, demand = sheet.costs.speeds, sheet.demand
    doors, workers = sheet["front door.processes"], sheet["workers.processes"]
    primaries, shards = sheet["redis.primaries"], sheet["clickhouse.shards"]
    memory = doors * speeds.front_door_memory + workers * speeds.worker_memory
    cores = doors + workers + primaries + sheet["clickhouse.cores"]
    needed = memory + sheet["redis.memory"] / sheet.costs.headroom.redis_machine + 4 * _GIB
    machine = demand.machine
    if demand.replicas == 1 and primaries == shards == 1 and cores <= machine.cores and needed <= machine.memory:
        text = (
            f"{cores:.1f} of {machine.cores} cores, {size(needed)} of {size(machine.memory)} with 4.3 GB for ClickHouse"
        )
        sheet.put("machines.total", "machines", 1, "", text)
        return
    least = min(2, demand.replicas)
    services = max(least, math.ceil(max((doors + workers) / machine.cores, memory / machine.memory)))
    sheet.put(
        "machines.services", "for front doors and workers", services, "",
        f"({number(doors)} + {number(workers)}) / {machine.cores} cores"
        + _least((doors + workers) / machine.cores, least),
    )  # fmt: skip
    redis, clickhouse = primaries * demand.replicas, shards * demand.replicas
    copies = f"{number(demand.replicas)} copies"
    sheet.put("machines.redis", "for Redis", redis, "", f"{number(primaries)} x {copies}")
    sheet.put("machines.clickhouse", "for ClickHouse", clickhouse, "", f"{number(shards)} x {copies}")
    sheet.put(
        "machines.total", "machines", services + redis + clickhouse, "",
        f"{number(services)} + {number(redis)} + {number(clickhouse)}; the query service and what watches not counted",
    )  # fmt: skip


def number(value: float) -> str:
    """With commas; small fractions to the hundredth."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def size(value: float) -> str:
    """Bytes as people write them, in powers of a thousand."""
    for unit, name in _UNITS:
        if value >= unit:
            return f"{value / unit:,.1f} {name}"
    return f"{value:.0f} bytes"


def _weighed(rate: float, weight: float) -> str:
    return number(rate) if weight == 1 else f"{number(rate)} x {weight:.2f} (size)"


def _least(wanted: float, least: int) -> str:
    return f"; at least {least}" if wanted < least and least > 1 else ""
