"""The OpenAPI document as one page to read: no script, nothing from elsewhere, every text escaped. No I/O."""

import base64
import hashlib
import shlex
from collections.abc import Iterator
from html import escape
from typing import Any

import orjson

Json = dict[str, Any]

_STYLE = """
:root{color-scheme:light dark;--ink:#1b2733;--dim:#5a6875;--line:#d8dfe6;--bg:#fff;--code:#f3f6f9;--hue:#0b6b8f}
@media(prefers-color-scheme:dark){
:root{--ink:#e3e9ef;--dim:#9aa8b5;--line:#2e3a46;--bg:#12181f;--code:#1b242d;--hue:#6cc5e6}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:58rem;font:16px/1.55 system-ui,sans-serif}
body{color:var(--ink);background:var(--bg)}
a{color:var(--hue)}h2{margin-top:2.5rem}h3{margin:2rem 0 .3rem;overflow-wrap:anywhere}
nav ul{columns:18rem;padding-left:1.1rem}nav li{overflow-wrap:anywhere}
code,pre{font:14px/1.5 ui-monospace,monospace;background:var(--code);border-radius:4px}
code{padding:.1em .3em;overflow-wrap:anywhere}pre{padding:.8rem;overflow-x:auto}pre code{padding:0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
th,.dim{color:var(--dim);font-weight:400}section{border-top:1px solid var(--line)}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: nothing but the page's own style is let in
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_VARIABLES = {"query_key": "HEADRACE_QUERY_KEY", "admin_key": "HEADRACE_ADMIN_KEY"}


def page(document: Json) -> str:
    """HTML 5, complete."""
    info = document["info"]
    operations = list(_operations(document))
    tags = list(dict.fromkeys(operation["tags"][0] for _, _, operation in operations))
    contents, sections = [], []
    for tag in tags:
        mine = [one for one in operations if one[2]["tags"][0] == tag]
        links = "".join(f"<li>{_link(operation, f'{method} {path}')}</li>" for method, path, operation in mine)
        contents.append(f"<p>{escape(tag)}</p><ul>{links}</ul>")
        sections.append(f"<h2>{escape(tag)}</h2>" + "".join(_operation(document, *one) for one in mine))
    types = "".join(_type(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}: HTTP API</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{title}</h1><p>{_prose(info['description'])}</p>"
        '<p>The same for machines: <a href="/openapi.json">/openapi.json</a>, OpenAPI 3.1.</p>'
        f'<nav aria-label="Contents">{"".join(contents)}<p><a href="#types">Types</a></p></nav>'
        f'{"".join(sections)}<h2 id="types">Types</h2>{types}</main></body></html>\n'
    )


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    answers = (
        f"<tr><td>{escape(status)}</td><td>{_prose(answer['description'])}</td><td>{_answer(answer)}</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    body = operation.get("requestBody", {}).get("content", {})
    sent = "".join(f"<p>Body, <code>{escape(kind)}</code>: {_shape(one['schema'])}</p>" for kind, one in body.items())
    return (
        f'<section id="{escape(operation["operationId"])}"><h3><code>{method} {escape(path)}</code></h3>'
        f"<p>{_prose(operation['summary'])}. <span class=dim>{escape(_key(operation))}</span></p>"
        f"<pre><code>{escape(curl(document, method, path, operation))}</code></pre>"
        f"{_parameters(operation.get('parameters', []))}{sent}"
        f"{_table(('status', 'meaning', 'type'), ''.join(answers))}</section>"
    )


def curl(document: Json, method: str, path: str, operation: Json) -> str:
    """The request as a command. Keys come from the environment."""
    parts = [f"curl -s -X {method} " + shlex.quote(f"http://127.0.0.1:8000{path}")]
    schemes = document["components"]["securitySchemes"]
    for name in next(iter(operation["security"]), {}):
        variable = _VARIABLES.get(name, "HEADRACE_WRITE_KEY")
        own = schemes[name].get("name")
        parts.append(f'-H "{own}: ${variable}"' if own else f'-H "Authorization: Bearer ${variable}"')
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in body:
        parts.append("-H 'Content-Type: application/json'")
        parts.append("-d " + shlex.quote(orjson.dumps(body["example"]).decode()))
    return " \\\n     ".join(parts)


def _key(operation: Json) -> str:
    names = [
        " and ".join(one).replace("_", " ") or "no key, where the project allows it" for one in operation["security"]
    ]
    return f"Needs: {', or '.join(names)}." if names else "Needs no key."


def _parameters(parameters: list[Json]) -> str:
    rows = (
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{_prose(one['description'])} {_shape(one['schema'])}</td></tr>"
        for one in parameters
    )
    return _table(("parameter", "in", "meaning"), "".join(rows)) if parameters else ""


def _type(name: str, schema: Json) -> str:
    rows = (
        f"<tr><td><code>{escape(field)}</code></td><td>{'required' if field in schema.get('required', ()) else ''}</td>"
        f"<td>{_shape(one)} {_prose(one.get('description', ''))}</td></tr>"
        for field, one in schema.get("properties", {}).items()
    )
    text = f"<p>{_prose(schema.get('description', ''))}</p>"
    inside = _table(("field", "", "type"), "".join(rows)) if "properties" in schema else f"<p>{_shape(schema)}</p>"
    return f'<section id="type-{escape(name)}"><h3>{escape(name)}</h3>{text}{inside}</section>'


def _answer(answer: Json) -> str:
    return ", ".join(_shape(one["schema"]) for one in answer.get("content", {}).values())


def _shape(schema: Json) -> str:
    """A schema in one line, types as links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if "enum" in schema:
        values = ", ".join(f"<code>{escape(orjson.dumps(one).decode())}</code>" for one in schema["enum"])
        return values if len(schema["enum"]) == 1 else f"one of {values}"
    if schema.get("type") == "array":
        return f"array of {_shape(schema.get('items') or {})}{_limits(schema)}"
    return f"{escape(schema.get('type', 'anything'))}{_limits(schema)}"


def _limits(schema: Json) -> str:
    words = {
        "format": "{}", "minLength": "at least {} long", "maxLength": "at most {} long", "minItems": "at least {}",
        "maxItems": "at most {}", "minimum": "from {}", "maximum": "to {}", "pattern": "like {}", "default": "else {}",
    }  # fmt: skip
    said = [escape(text.format(schema[name])) for name, text in words.items() if name in schema]
    return f" <span class=dim>({', '.join(said)})</span>" if said else ""


def _table(heads: tuple[str, ...], rows: str) -> str:
    named = "".join(f"<th scope=col>{head}</th>" for head in heads)
    return f"<div class=wide><table><thead><tr>{named}</tr></thead><tbody>{rows}</tbody></table></div>"


def _link(operation: Json, text: str) -> str:
    return f'<a href="#{escape(operation["operationId"])}">{escape(text)}</a>'


def _prose(text: str) -> str:
    """Escaped; what stands between backticks is code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
