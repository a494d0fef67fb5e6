"""The description of the API: as OpenAPI, and as a page that needs nothing from elsewhere and runs no script."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.answers import Json
from api.session import READER

router = APIRouter(dependencies=[READER], include_in_schema=False)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code { font-size: .9em }
h2 { border-bottom: 1px solid #8885; margin-top: 3rem }
h3 { margin: 2rem 0 .3rem }
td { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
:root { color-scheme: light dark }
"""
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

Node = Mapping[str, Any]


@router.get("/openapi.json")
def get_openapi(request: Request) -> Response:
    """The API as OpenAPI 3.1."""
    return Json(request.app.openapi())


@router.get("/docs")
def get_docs(request: Request) -> Response:
    """The API as a page."""
    return Response("".join(_page(request.app.openapi())), headers={"Content-Security-Policy": _POLICY}, media_type="text/html")


def _page(api: Node) -> Iterator[str]:
    title = escape(api["info"]["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{title}</h1>'
    yield f'{_prose(api["info"]["description"])}<p>Send <code>Authorization: Bearer &lt;key&gt;</code>. <a href="/openapi.json">OpenAPI 3.1</a>'
    for tag, operations in _by_tag(api).items():
        yield f"<h2>{escape(tag)}</h2>"
        for path, method, operation in operations:
            yield from _operation(path, method, operation)
    yield "<h2>shapes</h2>"
    for name, schema in sorted(api["components"]["schemas"].items()):
        yield from _shape(name, schema)
    yield "</html>"


def _by_tag(api: Node) -> dict[str, list[tuple[str, str, Node]]]:
    found: dict[str, list[tuple[str, str, Node]]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append((path, method, operation))
    return found


def _operation(path: str, method: str, operation: Node) -> Iterator[str]:
    yield f"<h3><b>{method.upper()}</b> <code>{escape(path)}</code></h3>{_prose(operation.get('description', ''))}"
    rows = [(item["name"], _type(item["schema"]), item.get("description", "")) for item in operation.get("parameters", ())]
    yield from _rows(rows)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield f"<p>Send {_type(content['schema'])}"
    for status, response in operation["responses"].items():
        types = {_type(content["schema"]) for content in response.get("content", {}).values() if content.get("schema")}
        yield f"<div><code>{status}</code> {' '.join(sorted(types))} {escape(response.get('description', ''))}</div>"


def _shape(name: str, schema: Node) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}">{escape(name)}</h3>{_prose(schema.get("description", ""))}'
    rows = [(key, _type(value), value.get("description", "")) for key, value in schema.get("properties", {}).items()]
    yield from _rows(rows)


def _rows(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield "<table>"
        for name, kind, said in rows:
            yield f"<tr><td><code>{escape(name)}</code><td>{kind}<td>{escape(said)}"
        yield "</table>"


def _type(schema: Node) -> str:
    """What a schema says, in a word; shapes as links."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_type(one) for one in choices)
    if "enum" in schema or "const" in schema:
        return " | ".join(escape(str(one)) for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))


def _prose(text: str) -> str:
    return "".join(f"<p>{escape(part)}" for part in text.split("\n\n") if part)
