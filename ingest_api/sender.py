"""Who sends, and whether they may: a key or a public site becomes a sender, or the request is refused."""

import msgspec

from ingest_api.access import Access
from ingest_api.errors import Reason, Refused
from ingest_api.http.origin import allowed
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project
from ingest_api.rate import Limiter

_NO_KEY = "The key is missing or not valid. Send a write key of your project."


class Sender(msgspec.Struct, gc=False):
    """Whose events these are, and how many a minute are taken from this bucket; a rate of 0 is no limit."""

    project: Project
    bucket: str
    rate: int


def by_key(access: Access | None, page: str | None) -> Sender:
    """The sender behind a key. Raises `Refused`.

    One message for every cause; the reason sets a key of another kind apart for the one dialect that must say so.
    """
    if access is None:
        raise Refused(Reason.UNAUTHORIZED, _NO_KEY)
    if Kind.WRITE not in access.kinds or access.project is None:
        raise Refused(Reason.WRONG_KIND, _NO_KEY)
    _check_page(access.project, page)
    return Sender(access.project, access.key_id, access.rate)


def by_site(project: Project | None, page: str | None) -> Sender:
    """The sender behind a public site id alone. Raises `Refused`."""
    if project is None:
        raise Refused(Reason.UNKNOWN_SITE, "The site is not known.")
    if not project.public_writes:
        raise Refused(Reason.UNAUTHORIZED, _NO_KEY)
    _check_page(project, page)
    return Sender(project, f"sites:{project.id}", project.public_rate)


async def spend(limiter: Limiter, sender: Sender, count: int, answer_headers: dict[str, str]) -> None:
    """Take so many events from the sender's bucket, and tell how full it is. Raises `Refused`."""
    quota = await limiter.spend(sender.bucket, sender.rate, count)
    answer_headers.update(quota.headers())
    if not quota.allowed:
        what = "send smaller ones" if count > sender.rate else "wait, and send this again"
        raise Refused(Reason.RATE_LIMITED, f"{count} events are more than this key may send now: {what}.")


def _check_page(project: Project, page: str | None) -> None:
    if page is not None and not allowed(page, project.origins):
        raise Refused(Reason.FORBIDDEN_ORIGIN, "Pages of this origin may not send to this project.")
