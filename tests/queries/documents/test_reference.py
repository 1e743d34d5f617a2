"""The page: well formed, complete, nothing in it but text of the document."""

import base64
import hashlib
import re
import subprocess
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from queries.documents import openapi, reference
from queries.routes import ROUTES

DOCUMENT = openapi.document(ROUTES)
PAGE = reference.page(DOCUMENT)
VOID = {"meta", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Notes what is in a page, and that every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        known = dict(attrs)
        self.ids += [known["id"] or ""] if "id" in known else []
        self.links |= {known["href"] or ""} if "href" in known else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_it_is_well_formed_and_every_link_leads_somewhere() -> None:
    reader = read(PAGE)
    assert len(set(reader.ids)) == len(reader.ids)
    assert reader.links - {"/openapi.json"} == {f"#{one}" for one in reader.ids} & reader.links
    assert {
        f"#{method['operationId']}" for path in DOCUMENT["paths"].values() for method in path.values()
    } < reader.links


def test_it_runs_nothing_and_loads_nothing() -> None:
    reader = read(PAGE)
    assert reader.tags & {"script", "img", "link", "iframe", "object", "form"} == set()
    assert {name for name in reader.attributes if name.startswith("on") or name in {"src", "style"}} == set()
    (style,) = re.findall(r"<style>(.*?)</style>", PAGE, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in reference.POLICY
    assert "url(" not in style
    assert "@import" not in style


def test_what_the_document_says_is_text_and_never_markup() -> None:
    evil = "</code><script>alert(1)</script>\"'&"
    document: dict[str, Any] = orjson.loads(orjson.dumps(DOCUMENT))
    document["info"]["title"] = document["info"]["description"] = evil
    operation = document["paths"]["/v1/events"]["post"]
    operation["summary"] = operation["tags"][0] = operation["operationId"] = evil
    operation["requestBody"]["content"]["application/json"]["example"] = {evil: evil}
    operation["parameters"][0] |= {"name": evil, "description": evil}
    document["components"]["schemas"]["IntakeEvent"] = {"properties": {evil: {"enum": [evil]}}, "description": evil}
    assert "script" not in read(reference.page(document)).tags


def test_it_speaks_of_every_operation_and_type() -> None:
    for path in DOCUMENT["paths"]:
        assert path in PAGE
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="type-{name}"' in PAGE


@pytest.mark.parametrize("path", ["/v1/events", "/post", "/push/hardal", "/api/v1/projects"])
def test_a_command_is_one_that_a_shell_reads_as_meant(path: str) -> None:
    operation = DOCUMENT["paths"][path]["post"]
    command = reference.curl(DOCUMENT, "POST", path, operation)
    shell = ["sh", "-c", command.replace("curl", "printf '%s\\n'", 1)]
    keys = {"HEADRACE_WRITE_KEY": "W", "HEADRACE_ADMIN_KEY": "A"}
    said = subprocess.run(shell, capture_output=True, text=True, check=True, env=keys).stdout.splitlines()
    assert said[:4] == ["-s", "-X", "POST", f"http://127.0.0.1:8000{path}"]
    assert {"Authorization: Bearer W", "Authorization: Bearer A", "x-eventbunker-write-key: W"} & set(said)
    assert orjson.loads(said[-1]) == operation["requestBody"]["content"]["application/json"]["example"]
