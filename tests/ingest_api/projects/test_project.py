"""What a project may be called and how it may be set."""

from typing import Any

import msgspec
import pytest

from ingest_api.projects import project
from ingest_api.projects.project import Invalid, Project, Settings


def wrong(**given: Any) -> list[str]:
    """The fields that are refused."""
    with pytest.raises(Invalid) as refused:
        project.checked(Settings(**given))
    assert all(f"{detail.field}: {detail.message}" in str(refused.value) for detail in refused.value.details)
    return [detail.field for detail in refused.value.details]


def test_what_is_not_given_is_not_part_of_a_change() -> None:
    assert project.checked(Settings()) == {}
    assert project.checked(Settings(past_days=0)) == {"past_days": 0}


def test_every_setting_is_a_field_of_a_project_and_the_other_way_round() -> None:
    assert {*Project.__struct_fields__} - {"id", "site_ids", "created_at"} == {*Settings.__struct_fields__}


def test_every_field_that_is_wrong_is_named() -> None:
    assert wrong(cookieless=1, do_not_track="yes", hash_properties=(7,), drop_properties=("x" * 256,)) == [
        *("cookieless", "hash_properties[0]", "drop_properties[0]", "do_not_track")
    ]
    assert wrong(public_rate=-1, past_days=36_501, retention_days="7", ip="all", public_writes=1, origins=("x",)) == [
        *("public_writes", "public_rate", "past_days", "retention_days", "ip", "origins[0]")
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example:8443", "https://shop.example:8443"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    assert project.checked(Settings(origins=(written,))) == {"origins": (kept,)}


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "shop.example", "https://", "https://shop.example/", "https://shop.example/a", "https://a@b", "//a"),
        *(
            "https://*",
            "https://a.*.b",
            "https://*shop.example",
            "https://a:0",
            "https://a:65536",
            "https://a:",
            "null",
        ),
        *("https://shöp.example", "https://a b", "https://a\n", "https://a?b", "https://\u212a.example", "a" * 301),
    ],
)
def test_what_is_no_origin_is_refused_by_its_place(text: str) -> None:
    assert wrong(origins=("https://good.example", text)) == ["origins[1]"]


def test_an_origin_that_is_named_twice_is_kept_once() -> None:
    assert project.checked(Settings(origins=("https://a", "HTTPS://A:443"))) == {"origins": ("https://a",)}


@pytest.mark.parametrize("site", ["", "-a", "a b", "a/b", "a" * 128, "ä", "a\n"])
def test_a_site_id_that_breaks_the_rule_is_refused(site: str) -> None:
    with pytest.raises(Invalid, match="use 1-127"):
        project.check_site(site)


@pytest.mark.parametrize("path", ["", ".", ".a", "a.", "a..b"])
def test_what_is_no_path_of_a_property_is_refused_by_its_place(path: str) -> None:
    assert wrong(hash_properties=("email", path)) == ["hash_properties[1]"]
    assert wrong(drop_properties=("customer.email", "a", path)) == ["drop_properties[2]"]


def test_a_property_that_is_named_twice_is_kept_once() -> None:
    assert project.checked(Settings(drop_properties=("b", "a.b", "b"))) == {"drop_properties": ("b", "a.b")}


def test_a_project_that_was_stored_by_an_older_build_has_the_defaults() -> None:
    old = msgspec.json.decode(b'{"id":"shop","site_ids":["web"],"created_at":5,"ip":"keep"}', type=Project)
    assert (old.ip, old.cookieless, old.hash_properties, old.drop_properties, old.do_not_track) == (
        *("keep", True, (), (), False),
    )
