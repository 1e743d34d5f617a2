"""Who may send: by key, by public site, from which page, how much."""

import pytest

from ingest_api import sender
from ingest_api.access import Access
from ingest_api.errors import Reason, Refused
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Project
from ingest_api.rate import Limiter
from ingest_api.stream import Redis

SHOP = Project("shop", ("shop-web",), 0, public_writes=True, public_rate=3, origins=("https://shop.example",))


def refusal(access: Access | None, page: str | None = None) -> Reason:
    with pytest.raises(Refused) as refused:
        sender.by_key(access, page)
    return refused.value.reason


def test_a_write_key_speaks_for_its_project_with_its_rate() -> None:
    found = sender.by_key(Access(SHOP, frozenset({Kind.WRITE}), "k1", rate=60), None)
    assert (found.project.id, found.bucket, found.rate) == ("shop", "k1", 60)


@pytest.mark.parametrize("kind", [Kind.QUERY, Kind.DELETE, Kind.ADMIN])
def test_no_other_key_writes(kind: Kind) -> None:
    assert refusal(Access(SHOP, frozenset({kind}), "k1")) is Reason.WRONG_KIND
    assert refusal(None) is Reason.UNAUTHORIZED


def test_a_page_must_be_listed_and_a_server_need_not() -> None:
    access = Access(SHOP, frozenset({Kind.WRITE}), "k1")
    assert refusal(access, "https://evil.example") is Reason.FORBIDDEN_ORIGIN
    assert sender.by_key(access, "https://shop.example").project is SHOP


def test_a_site_alone_opens_only_a_project_that_allows_it() -> None:
    found = sender.by_site(SHOP, "https://shop.example")
    assert (found.bucket, found.rate) == ("sites:shop", 3)
    for project, reason in ((None, Reason.UNKNOWN_SITE), (Project("p", ("s",), 0), Reason.UNAUTHORIZED)):
        with pytest.raises(Refused) as refused:
            sender.by_site(project, None)
        assert refused.value.reason is reason


@pytest.mark.stack
async def test_an_empty_bucket_refuses_and_says_how_long(redis: Redis) -> None:
    limiter, site, headers = Limiter(redis), sender.by_site(SHOP, None), dict[str, str]()
    await sender.spend(limiter, site, 3, headers)
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("3", "0")
    with pytest.raises(Refused, match="wait"):
        await sender.spend(limiter, site, 1, headers)
    assert 1 <= int(headers["Retry-After"]) <= 60
    with pytest.raises(Refused, match="smaller"):
        await sender.spend(limiter, site, 4, headers)
