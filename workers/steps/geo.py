"""Derive the place of an event from its address: country, region, city, and the network that announces it."""

from workers import places
from workers.batch import Batch
from workers.places import Place, Places
from workers.reference import Reference
from workers.steps.user_agent import is_tool

#: characters of an address that are looked at: no address is longer, and the cache is bounded by it
READ_CHARS = 64


def geo(batch: Batch, reference: Reference) -> None:
    """Each distinct address is looked up once. What a tool sends comes from a server: its place is nobody's.

    The country that the client said holds; region and city are given when they lie in it.
    """
    events = batch.events
    find = _places(reference).find
    found = [find("" if is_tool(event.user_agent) else event.ip[:READ_CHARS]) for event in events]
    said = [event.country for event in events]
    agreed = [
        place if not country or country == place.country else Place(country, asn=place.asn, as_name=place.as_name)
        for place, country in zip(found, said, strict=True)
    ]
    for index, column in enumerate(Place._fields):
        batch.derived[column] = [place[index] for place in agreed]


def _places(reference: Reference) -> Places:
    """A file that was good when the reference was made may be gone for a process that starts later."""
    try:
        return places.opened(*reference.geo)
    except ValueError:
        return places.opened("", 0)
