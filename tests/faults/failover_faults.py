"""Experiments in which a replica takes the place of a Redis that it has lost sight of."""

from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.faults.tcp_proxy import Cable

#: requests that were answered by the time the cable was cut
_IN_FLIGHT = 100
_AT_REPLICA = {"HEADRACE_DURABILITY": "replica"}


async def at_disk(play: Play) -> None:
    """The link to the replica is cut, producers go on; then the primary is killed and the replica promoted."""
    before = set(play.recorder.acked)
    await play.stage.replicated()
    play.stage.cable.cable = Cable.HOLE
    await play.recorder.acknowledge(100)
    play.recorder.excused = set(play.recorder.acked) - before
    await play.stage.promote()
    play.notes.append(f"{len(play.recorder.excused)} acknowledged after the cut")


async def at_replica(play: Play) -> None:
    """The same, but an acknowledgement waits for the replica's disk: producers hear 503 while the link is cut."""
    play.stage.cable.cable = Cable.HOLE
    await play.told_to_wait()
    await play.stage.promote()


async def link_cut(play: Play) -> None:
    """The link to the replica is cut: an event and its retries are refused, until the link is whole again."""
    cable = play.stage.cable
    cable.cable = Cable.HOLE
    acked = len(play.recorder.acked)
    await play.told_to_wait(times=20)
    late = len(play.recorder.acked) - acked
    assert late <= _IN_FLIGHT, f"{late} events were acknowledged without the replica"
    cable.cable = Cable.WHOLE
    cable.reset()


EXPERIMENTS = (
    Experiment(
        "failover, level disk",
        at_disk,
        "what was acknowledged before the cut is visible; what came after it may be lost",
        checks="ADFG",
        env={"HEADRACE_DURABILITY": "disk"},
        replica=True,
    ),
    Experiment(
        "failover, level replica",
        at_replica,
        "acknowledged = visible, once each with and without FINAL, also in the view",
        checks="ABCDFG",
        env=_AT_REPLICA,
        replica=True,
    ),
    Experiment("link to the replica cut", link_cut, f"503 until it is whole; {ONCE}", env=_AT_REPLICA, replica=True),
)
