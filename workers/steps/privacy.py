"""Let go of what a project does not want to be stored: addresses, and the properties it lists. The last step."""

import dataclasses
import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from ingest_api import frame
from ingest_api.projects.project import Project
from workers.batch import Batch, Rejected, set_aside
from workers.redaction import Redaction, Unreadable, redaction
from workers.reference import Reference

#: of a project that is not known any more nothing is kept that it might not want
_UNKNOWN = Project("", (), 0)
_encode = msgspec.msgpack.Encoder().encode


def privacy(batch: Batch, reference: Reference) -> None:
    """Derive ip, and where a project lists properties, properties, url, referrer and what was made of them.

    An event of such a project whose properties cannot be read is rejected. Rejected events are cleared, too.
    """
    projects = {one: reference.projects.get(one, _UNKNOWN) for one in {event.project for event in batch.events}}
    redactions = {one: found for one, project in projects.items() if (found := _redaction(one, project, reference))}
    if redactions:
        _reject_unreadable(batch, redactions)
        _redact(batch, redactions)
    policies = {one: project.ip for one, project in projects.items()}
    if set(policies.values()) <= {"drop"}:
        batch.derived["ip"] = [""] * len(batch.events)
    else:
        batch.derived["ip"] = [
            "" if (policy := policies[event.project]) == "drop" else kept(event.ip, policy) for event in batch.events
        ]
    clear_rejected(batch, reference)


def kept(ip: str, policy: str) -> str:
    """What is stored of an address: `drop` nothing, `truncate` the network (/24 or /48), `keep` all of it."""
    if policy == "keep":
        return ip
    return _network(ip) if policy == "truncate" else ""


def clear_rejected(batch: Batch, reference: Reference) -> None:
    """The same of rejected events that can be read. A frame, and what is no event, stays as it came."""
    batch.rejected = [_cleared(one, reference) if one.kind == "event" else one for one in batch.rejected]


def _redaction(name: str, project: Project, reference: Reference) -> Redaction | None:
    if not project.drop_properties and not project.hash_properties:
        return None
    return redaction(name, project.drop_properties, project.hash_properties, reference.secret)


def _reject_unreadable(batch: Batch, redactions: dict[str, Redaction]) -> None:
    """Derives the properties of the others."""
    found: list[bytes | None] = list(batch.column("properties"))
    for index, own in _concerned(batch, redactions):
        event = batch.events[index]
        try:
            found[index] = own.properties(event.properties)
        except Unreadable as error:
            found[index] = None
            why = f"privacy: the properties cannot be read: {error}"
            batch.rejected.append(set_aside(event, batch.positions[index], why))
    batch.derived["properties"] = found
    if None in found:
        batch.keep([one is not None for one in found])


def _redact(batch: Batch, redactions: dict[str, Redaction]) -> None:
    concerned = list(_concerned(batch, redactions))
    for name, mark in (("url", ""), ("referrer", ""), ("query", "?")):
        texts = list(batch.column(name))
        for index, own in concerned:
            if texts[index]:
                texts[index] = own.address(mark + texts[index]).removeprefix(mark)
        batch.derived[name] = texts
    for name in [name for name in batch.derived if name.startswith("utm_")]:
        values = list(batch.derived[name])
        for index, own in concerned:
            if values[index] and own.names(name):
                values[index] = ""
        batch.derived[name] = values


def _concerned(batch: Batch, redactions: dict[str, Redaction]) -> Iterator[tuple[int, Redaction]]:
    """The events of projects that list something: where, and what."""
    for index, event in enumerate(batch.events):
        if (own := redactions.get(event.project)) is not None:
            yield index, own


def _cleared(one: Rejected, reference: Reference) -> Rejected:
    event = frame.event(one.raw)
    if event is None:
        return one
    project = reference.projects.get(event.project, _UNKNOWN)
    changed: dict[str, Any] = {"ip": kept(event.ip, project.ip)}
    own = _redaction(event.project, project, reference)
    if own is not None:
        changed |= {"url": own.address(event.url), "referrer": own.address(event.referrer)}
        try:
            changed["properties"] = own.properties(event.properties)
        except Unreadable:
            changed["properties"] = b"{}"
    return dataclasses.replace(one, raw=_encode(msgspec.structs.replace(event, **changed)))


@lru_cache(maxsize=65_536)
def _network(ip: str) -> str:
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)
