"""Where an address is: databases in MaxMind's format, and a package that knows countries without one."""

import importlib.metadata
import ipaddress
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import NamedTuple

import iptocc
import maxminddb

log = logging.getLogger(__name__)

#: distinct addresses whose places are known at once: some 20 MB
CACHED = 65_536
#: what registries write for a block of no country in particular
_NO_COUNTRY = frozenset({"AP", "EU", "ZZ"})

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Place(NamedTuple):
    """Empty, or 0, where it is not known."""

    #: ISO 3166-1 alpha-2
    country: str = ""
    #: ISO 3166-2 with the country before it, `DE-BE`; the English name where a database has no codes
    region: str = ""
    #: the English name
    city: str = ""
    asn: int = 0
    as_name: str = ""


NOWHERE = Place()


class Places:
    """Opened databases. `find` gives the place of an address, and of any other text: nowhere."""

    def __init__(self, files: Iterable[str]) -> None:
        """Raises `ValueError` with the file that cannot be used and why."""
        readers = tuple(map(_open, files))
        about = [reader.metadata() for reader in readers]
        #: when the oldest file was built, in Unix seconds; 0 without files
        self.built = min((one.build_epoch for one in about), default=0)
        package = f"iptocc {importlib.metadata.version('iptocc')}, countries alone"
        self.names = ", ".join(f"{one.database_type} of {_day(one.build_epoch)}" for one in about) or package
        self.find: Callable[[str], Place] = lru_cache(maxsize=CACHED)(partial(_find, readers))


@lru_cache(maxsize=2)
def opened(databases: str, version: int) -> Places:
    """The databases of that setting as they were at a version: files with the separator of PATH between them.

    A new version opens them anew. Nobody closes the old ones: they go when the last batch that uses them is done.
    Raises `ValueError` with the file that cannot be used and why.
    """
    del version  # names what lies behind the paths: it is part of the key
    return Places(paths(databases))


def paths(databases: str) -> list[str]:
    """The setting taken apart."""
    return [path.strip() for path in databases.split(os.pathsep) if path.strip()]


def place(record: object) -> Place:
    """What a database's record says: MaxMind's layouts, DB-IP's which follow them, IPinfo's and others' flat ones."""
    country = _text(record, "country", "iso_code") or _text(record, "country_code") or _text(record, "country")
    if len(country) != 2:
        country = ""
    code = _text(record, "subdivisions", 0, "iso_code") or _text(record, "region_code")
    region = f"{country}-{code}" if country and code else ""
    number = _at(record, "autonomous_system_number") or _at(record, "traits", "autonomous_system_number")
    return Place(
        country,
        region or _text(record, "subdivisions", 0, "names", "en") or _text(record, "region"),
        _text(record, "city", "names", "en") or _text(record, "city"),
        _asn(number or _at(record, "asn")),
        _text(record, "autonomous_system_organization")
        or _text(record, "traits", "autonomous_system_organization")
        or _text(record, "as_name"),
    )


def _open(path: str) -> maxminddb.Reader:
    """A memory map of a copy: who writes over a mapped file in place would end this process with SIGBUS."""
    try:
        with tempfile.NamedTemporaryFile(prefix="headrace-places-") as copy:
            shutil.copyfile(path, copy.name)
            return maxminddb.open_database(copy.name)
    except OSError as error:
        raise ValueError(f"HEADRACE_GEO_DATABASE: {path} cannot be opened: {error.strerror or error}") from error
    except maxminddb.InvalidDatabaseError as error:
        wanted = "a whole file in MaxMind's format (.mmdb, unpacked)"
        raise ValueError(f"HEADRACE_GEO_DATABASE: {path} is not {wanted}") from error


def _find(readers: tuple[maxminddb.Reader, ...], text: str) -> Place:
    """The first database that knows an item tells it. Region and city come together, and for the same country."""
    try:
        address: _Address = ipaddress.ip_address(text)
    except ValueError:
        return NOWHERE
    address = getattr(address, "ipv4_mapped", None) or address
    if not address.is_global or address.is_multicast:
        return NOWHERE
    told = [place(_record(reader, address)) for reader in readers]
    country = next((one.country for one in told if one.country), "") or _registered(address)
    local = next((one for one in told if (one.region or one.city) and one.country == country), NOWHERE)
    network = next((one for one in told if one.asn), NOWHERE)
    return Place(country, local.region, local.city, network.asn, network.as_name)


def _record(reader: maxminddb.Reader, address: _Address) -> object:
    try:
        return reader.get(address)
    except (ValueError, TypeError):  # an IPv6 address where IPv4 alone is held; text or a key that is none
        return None
    except maxminddb.InvalidDatabaseError:
        _complain(reader.metadata().database_type)
        return None


@lru_cache(maxsize=16)
def _complain(database: str) -> None:
    """Once for each database, and without the address: a log is no place for it."""
    log.warning("places damaged", extra={"action": "places", "why": f"{database} cannot be read everywhere"})


def _registered(address: _Address) -> str:
    """The country that the address's block is registered for."""
    country = iptocc.country_code(str(address)) or ""
    return "" if country in _NO_COUNTRY else country


def _at(record: object, *way: str | int) -> object:
    """What lies at the end of the way; None where the record is shaped otherwise."""
    for turn in way:
        if isinstance(record, dict):
            record = record.get(turn)
        elif isinstance(record, list) and isinstance(turn, int) and turn < len(record):
            record = record[turn]
        else:
            return None
    return record


def _text(record: object, *way: str | int) -> str:
    found = _at(record, *way)
    return sys.intern(found) if isinstance(found, str) else ""  # many addresses, few names: each is kept once


def _asn(found: object) -> int:
    """15169, "15169" or "AS15169"; 0 for what is no number of 32 bits."""
    digits = str(found).upper().removeprefix("AS")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else 0
    return number if number < 2**32 else 0


def _day(epoch: int) -> str:
    return f"{datetime.fromtimestamp(min(epoch, 2**33), UTC):%Y-%m-%d}"  # a damaged file may say anything
