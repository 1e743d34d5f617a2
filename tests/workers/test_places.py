"""Places of addresses: MaxMind's own test databases, other layouts, files that are no databases."""

import shutil
from pathlib import Path

import iptocc
import pytest

from tests.workers.steps.corpora import maxmind
from workers.places import NOWHERE, Place, Places, opened, paths, place

CITY, ASN, ENTERPRISE = map(maxmind.database, ("GeoIP2-City-Test", "GeoLite2-ASN-Test", "GeoIP2-Enterprise-Test"))
#: records of no layout
FOREIGN: list[object] = [None, "x", 7, [], {}, b"x"]


def registered(address: str) -> str:
    return iptocc.country_code(address) or ""


def test_every_city_network_of_maxmind_gives_its_country_region_and_city() -> None:
    find = Places([CITY]).find
    wrong = [
        (address, told, find(address))
        for address, told in maxmind.cities()
        if find(address)[:3] != (told[0] or registered(address), told[1], told[2])
    ]
    assert wrong == []
    assert find("89.160.20.112")[:3] == ("SE", "SE-E", "Linköping")


def test_every_network_of_maxmind_gives_its_as_number_and_name() -> None:
    find = Places([ASN]).find
    assert [
        (address, told, find(address))
        for address, told in maxmind.systems()
        if (find(address).asn, find(address).as_name) != told
    ] == []


def test_databases_complete_each_other() -> None:
    both = Place("SE", "SE-E", "Linköping", 29518, "Bredband2 AB")
    assert Places([CITY, ASN]).find("89.160.20.112") == both
    assert Places([ASN, CITY]).find("89.160.20.112") == both
    assert Places([ENTERPRISE]).find("89.160.20.112") == both


def test_the_first_database_that_knows_a_country_tells_it_and_no_other_countrys_city_is_given() -> None:
    disputed = "2001:220::"
    assert Places([ENTERPRISE, CITY]).find(disputed)[:4] == ("SE", "SE-E", "Linköping", 29518)
    assert Places([CITY, ENTERPRISE]).find(disputed)[:4] == ("KR", "", "", 29518)


def test_without_a_database_the_country_alone_is_known() -> None:
    places = Places([])
    assert places.find("8.8.8.8") == Place("US")
    assert places.find("2001:4860:4860::8888") == Place("US")
    assert places.names.startswith("iptocc ")
    assert places.built == 0


def test_a_block_registered_for_no_country_in_particular_has_none() -> None:
    shared = next(
        address
        for address in (f"{first}.{second}.0.1" for first in range(1, 224) for second in range(256))
        if iptocc.country_code(address) == "EU"
    )
    assert Places([]).find(shared) == NOWHERE


def test_an_ipv4_address_may_be_written_as_ipv6() -> None:
    for places in (Places([]), Places([CITY, ASN])):
        assert places.find("::ffff:89.160.20.112") == places.find("89.160.20.112") != NOWHERE


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "unknown", "8.8.8", "8.8.8.8 ", "8.8.8.8\0", "8.8.8.8\ud800", "08.8.8.8", "2130706433", "0x8.8.8.8"),
        *("10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "0.1.2.3", "224.0.0.1"),
        *("192.0.2.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fd00::1", "2001:db8::1", "ff02::1"),
        "::ffff:10.0.0.1",
    ],
)
def test_what_is_no_address_of_the_internet_is_nowhere(text: str) -> None:
    assert Places([]).find(text) == NOWHERE
    assert Places([CITY, ASN]).find(text) == NOWHERE


def test_a_database_of_ipv4_alone_leaves_ipv6_to_the_others() -> None:
    only = maxmind.database("MaxMind-DB-test-ipv4-24")
    address = "2a02:cf40::1"
    assert Places([only, CITY]).find(address).country == "NO"
    assert Places([only]).find(address).country == registered(address)


def test_a_damaged_record_is_nothing_known_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    find = Places([maxmind.database("MaxMind-DB-test-broken-pointers-24"), CITY]).find
    assert find("1.1.1.16") == Place(registered("1.1.1.16"))
    assert find("1.1.1.32") == Place(registered("1.1.1.32"))
    assert [record.message for record in caplog.records] == ["places damaged"]
    assert "1.1.1" not in str(caplog.records[0].__dict__)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        pytest.param(
            {"country": {"iso_code": "DE"}, "subdivisions": [{"names": {"en": "Land Berlin"}}], "city": {"names": {}}},
            Place("DE", "Land Berlin"),
            id="DB-IP city lite: names without codes",
        ),
        pytest.param(
            {"country": {"iso_code": "FR"}, "traits": {"autonomous_system_number": 12322}},
            Place("FR", asn=12322),
            id="DB-IP, commercial",
        ),
        pytest.param(
            {"asn": "AS15169", "as_name": "Google LLC", "country": "United States", "country_code": "US"},
            Place("US", asn=15169, as_name="Google LLC"),
            id="IPinfo lite",
        ),
        pytest.param(
            {"city": "Mountain View", "region": "California", "region_code": "CA", "country": "US"},
            Place("US", "US-CA", "Mountain View"),
            id="IPinfo location",
        ),
        pytest.param({"country_code": "JP", "city": "Osaka", "state1": "27"}, Place("JP", city="Osaka"), id="flat"),
        pytest.param({"country": {"iso_code": "DE"}, "city": {"names": {"de": "Köln"}}}, Place("DE"), id="no English"),
        pytest.param({"subdivisions": [{"iso_code": "BE"}]}, NOWHERE, id="a region of no country"),
        pytest.param({"country": {"iso_code": 7}, "city": [], "asn": "AS-x", "as_name": {}}, NOWHERE, id="other types"),
        pytest.param({"subdivisions": [], "asn": 2**32, "traits": "x"}, NOWHERE, id="a number of no AS"),
        pytest.param({"asn": "9" * 5000}, NOWHERE, id="a number too long to read"),
        *((other, NOWHERE) for other in FOREIGN),
    ],
)
def test_layouts_of_other_makers_are_read_and_foreign_ones_say_nothing(record: object, told: Place) -> None:
    assert place(record) == told


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    missing, text, short = tmp_path / "missing.mmdb", tmp_path / "text.mmdb", tmp_path / "short.mmdb"
    text.write_text("country,city\n")
    short.write_bytes(Path(CITY).read_bytes()[:-500])
    with pytest.raises(ValueError, match=r"missing\.mmdb cannot be opened: No such file"):
        Places([CITY, str(missing)])
    with pytest.raises(ValueError, match="cannot be opened: Is a directory"):
        Places([str(tmp_path)])
    for path in (text, short):
        with pytest.raises(ValueError, match=rf"{path.name} is not a whole file in MaxMind's format"):
            Places([str(path)])


def test_a_file_overwritten_in_place_does_not_touch_who_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    shutil.copyfile(CITY, path)
    places = Places([str(path)])
    path.write_bytes(b"")
    assert places.find("89.160.20.112").city == "Linköping"


def test_a_version_is_opened_once_and_names_what_it_is() -> None:
    one = opened(f"{CITY}: {ASN}:", 1)
    assert opened(f"{CITY}: {ASN}:", 1) is one
    assert opened(f"{CITY}: {ASN}:", 2) is not one
    assert one.names == "GeoIP2-City of 2026-02-04, GeoLite2-ASN of 2026-02-04"
    assert one.built == 1_770_245_369
    assert paths(" : ") == []
