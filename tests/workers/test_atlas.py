"""Place databases that are replaced, broken and taken away while they are read."""

import logging
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from ingest_api.stream import Install, Redis, connect
from tests.workers.test_places import ASN, CITY, ENTERPRISE
from workers.atlas import Atlas
from workers.fleet import Fleet
from workers.places import Place, opened
from workers.reference import References
from workers.settings import Settings

ADDRESS = "89.160.20.112"
CITY_SAYS, ASN_SAYS = Place("SE", "SE-E", "Linköping"), Place("SE", asn=29518, as_name="Bredband2 AB")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A copy of the city database."""
    return Path(shutil.copyfile(CITY, tmp_path / "places.mmdb"))


def current(atlas: Atlas) -> tuple[str, int]:
    """What holds after a look, if it is time for one."""
    if atlas.due:
        atlas.look()
    return atlas.version


def replace(database: Path, source: str) -> None:
    """As geoipupdate does it: written beside, then renamed."""
    beside = database.with_suffix(".new")
    shutil.copyfile(source, beside)
    os.replace(beside, database)


def find(atlas: Atlas) -> Place:
    return opened(*current(atlas)).find(ADDRESS)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


def test_the_log_says_which_databases_are_used_and_how_old_the_oldest_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Atlas(os.pathsep.join((CITY, ASN)))
    [record] = caplog.records
    told = record.__dict__
    assert told["from"] == "GeoIP2-City of 2026-02-04, GeoLite2-ASN of 2026-02-04"
    assert told["days_old"] == int(time.time() - 1_770_245_369) // 86_400


def test_without_a_database_the_log_names_the_package(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    atlas = Atlas("")
    [record] = caplog.records
    assert str(record.__dict__["from"]).startswith("iptocc ")
    assert find(atlas) == Place("SE")


def test_a_database_that_cannot_be_used_is_an_error_at_start(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.mmdb")
    with pytest.raises(ValueError, match=r"HEADRACE_GEO_DATABASE: .*missing\.mmdb cannot be opened: No such file"):
        Atlas(missing)
    with pytest.raises(ValueError, match="HEADRACE_GEO_DATABASE"):
        Fleet(connect("redis://127.0.0.1:1/0"), Settings(geo_database=missing))


@pytest.mark.stack
async def test_the_reference_of_a_batch_has_the_version_that_holds(database: Path, redis: Redis, made: Install) -> None:
    del made
    references = References(redis, str(database))
    first = await references.current()
    assert opened(*first.geo).find(ADDRESS) == CITY_SAYS
    assert await references.current() is first


def test_a_replaced_file_is_taken_up(database: Path) -> None:
    atlas = Atlas(str(database), look_seconds=0)
    before = current(atlas)
    assert find(atlas) == CITY_SAYS
    assert current(atlas) == before
    replace(database, ASN)
    assert find(atlas) == ASN_SAYS
    assert current(atlas) != before


def test_one_of_several_files_may_be_replaced(database: Path) -> None:
    atlas = Atlas(os.pathsep.join((ASN, str(database))), look_seconds=0)
    assert find(atlas) == Place("SE", "SE-E", "Linköping", 29518, "Bredband2 AB")
    replace(database, ASN)
    assert find(atlas) == ASN_SAYS


def test_files_are_not_looked_at_more_often_than_told(database: Path) -> None:
    atlas = Atlas(str(database), look_seconds=3600)
    replace(database, ASN)
    assert find(atlas) == CITY_SAYS


def test_files_are_replaced_under_a_reader_in_another_thread(database: Path) -> None:
    atlas = Atlas(str(database), look_seconds=0)
    seen: set[Place] = set()
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                places = opened(*current(atlas))
                seen.update(places.find(f"89.160.20.{last}") for last in range(112, 128))
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        deadline = time.monotonic() + 20
        rounds = 0
        while rounds < 50 or not {CITY_SAYS, ASN_SAYS} <= seen:
            assert time.monotonic() < deadline
            replace(database, (ASN, CITY)[rounds % 2])
            rounds += 1
    finally:
        done.set()
        reader.join(20)
    assert failed == []
    assert seen == {CITY_SAYS, ASN_SAYS}


@pytest.mark.parametrize("damage", ["overwritten", "cut", "gone", "a folder"])
def test_a_file_that_cannot_be_used_leaves_the_old_one_in_place_and_is_told_once(
    damage: str, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    atlas = Atlas(str(database), look_seconds=0)
    held = current(atlas)
    if damage == "overwritten":
        database.write_text("no database")
    elif damage == "cut":
        database.write_bytes(Path(CITY).read_bytes()[:9000])
    else:
        database.unlink()
    if damage == "a folder":
        database.mkdir()
    assert current(atlas) == current(atlas) == held
    assert find(atlas) == CITY_SAYS
    assert opened(*current(atlas)).find("2001:220::").country == "KR", "read from the file, not remembered"
    assert messages(caplog) == ["places kept"]
    assert str(database) in str(caplog.records[0].__dict__["why"])


def test_a_file_in_the_writing_is_told_once_and_taken_up_when_it_is_whole(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Path(ENTERPRISE).read_bytes()
    atlas = Atlas(str(database), look_seconds=0)
    caplog.set_level(logging.INFO)
    for size in (0, 5000, 10_000, len(whole) - 1):
        database.write_bytes(whole[:size])
        assert find(atlas) == CITY_SAYS
    assert messages(caplog) == ["places kept"]
    database.write_bytes(whole)
    assert find(atlas).asn == 29518
    assert messages(caplog) == ["places kept", "places"]
    database.write_bytes(b"")
    assert find(atlas).asn == 29518
    assert messages(caplog) == ["places kept", "places", "places kept"]


def test_a_file_that_comes_back_as_it_was_is_used_again(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    atlas = Atlas(str(database), look_seconds=0)
    away = database.with_suffix(".away")
    os.replace(database, away)
    assert find(atlas) == CITY_SAYS
    os.replace(away, database)
    assert find(atlas) == CITY_SAYS
    replace(database, ASN)
    assert find(atlas) == ASN_SAYS
    assert messages(caplog) == ["places kept"]
