"""The arithmetic of a plan: each figure is what its sum says, and more load never needs less."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.cli.plan.costs import read
from clients.cli.plan.demand import Demand, Machine
from clients.cli.plan.needs import Line, Sheet, number, reckon, size
from ingest_api.stream import MAX_SHARDS

COSTS = read(None)
SPEEDS, SIZES = COSTS.speeds, COSTS.sizes
MACHINE = Machine(16, 64_000_000_000, 4_000_000_000_000)
DEMAND = Demand(1000, 400, 100, 1.0, 86_400, 3600, 1800, 30 * 86_400, 1, MACHINE)


def needs(**changes: object) -> Sheet:
    return reckon(msgspec.structs.replace(DEMAND, **changes), COSTS)


def line(sheet: Sheet, part: str, what: str) -> Line:
    return next(one for one in sheet.lines if (one.part, one.what) == (part, what))


def test_a_thousand_events_a_second_fit_on_one_machine() -> None:
    sheet = needs()
    assert (sheet["machines.total"], sheet["shards.count"], sheet.notes) == (1, 2, [])


def test_processes_are_the_load_over_what_a_process_may_be_given() -> None:
    sheet = needs(events_per_second=100_000)
    assert sheet["front door.processes"] == math.ceil(100_000 / (SPEEDS.front_door["100"] * 0.6))
    assert sheet["workers.processes"] == math.ceil(100_000 / (SPEEDS.worker * 0.6))
    told = line(sheet, "workers", "processes, a core each").sum
    assert told == f"100,000 / ({SPEEDS.worker:,.0f} x 60%) = {100_000 / SPEEDS.worker / 0.6:.2f}"


def test_redis_holds_what_waits_for_the_outage_and_the_keys_of_two_windows() -> None:
    sheet = needs(keyed=0.5, window=3600)
    assert sheet["redis.frames"] == pytest.approx(1000 * 3600 * SIZES.frame)
    assert sheet["redis.index"] == pytest.approx(1000 * 0.5 * 2 * 3600 * SIZES.key)
    assert sheet["redis.memory"] == pytest.approx((sheet["redis.frames"] + sheet["redis.index"]) / 0.8)
    assert needs(outage=60)["redis.frames"] == pytest.approx(1000 * 1800 * SIZES.frame), "the kept tail is longer"


def test_clickhouse_has_the_retention_on_disk_and_room_for_merges() -> None:
    assert needs()["clickhouse.disk"] == pytest.approx(1000 * 30 * 86_400 * SIZES.stored / 0.7)


def test_longer_events_take_more_of_everything() -> None:
    small, large = needs(events_per_second=50_000), needs(events_per_second=50_000, event_bytes=4000)
    for figure in ("front door.processes", "workers.processes", "redis.frames", "clickhouse.disk", "clickhouse.cores"):
        assert large[figure] > small[figure], figure
    assert "50,000 x 10.00 (size)" in line(large, "workers", "processes, a core each").sum


def test_copies_double_the_stores_and_leave_no_service_alone() -> None:
    one, two = needs(events_per_second=100_000, window=3600), needs(events_per_second=100_000, window=3600, replicas=2)
    for store in ("redis", "clickhouse"):
        assert two[f"machines.{store}"] == 2 * one[f"machines.{store}"]
    assert needs(replicas=2)["workers.processes"] == 2
    assert two["machines.services"] == 2


def test_what_takes_several_servers_is_said() -> None:
    notes = " ".join(needs(events_per_second=10_000_000, replicas=2).notes)
    assert "Redis primaries: `HEADRACE_REDIS_URL` names a small control server" in notes
    assert "whose number of shards is chosen once" in notes


@given(
    st.floats(1, 1e7), st.floats(1, 3), st.integers(1, 50_000), st.integers(1, 3), st.sampled_from((1, 100, 1000))
)  # fmt: skip
def test_more_load_never_needs_less(rate: float, more: float, event_bytes: int, replicas: int, batch: int) -> None:
    smaller, larger = (
        needs(events_per_second=load, event_bytes=event_bytes, replicas=replicas, batch=batch)
        for load in (rate, rate * more)
    )
    names = {"front door.processes", "workers.processes", "redis.memory", "redis.primaries", "clickhouse.disk"}
    assert [name for name in names if larger[name] < smaller[name]] == []
    for sheet in (smaller, larger):
        assert sheet["shards.count"] <= MAX_SHARDS
        assert sheet["workers.processes"] <= sheet["shards.count"] * sheet["shards.installations"]
        assert sheet["workers.catch_up"] > 0
        assert all(math.isfinite(one.value) and one.sum for one in sheet.lines)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.5, "0.50"), (3, "3"), (99.5, "99.50"), (1234.5, "1,234"), (1e6, "1,000,000")]
)
def test_numbers_are_written_for_people(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(12, "12 bytes"), (1500, "1.5 kB"), (3.2e9, "3.2 GB"), (4e15, "4,000.0 TB")]
)
def test_sizes_are_written_for_people(value: float, shown: str) -> None:
    assert size(value) == shown
