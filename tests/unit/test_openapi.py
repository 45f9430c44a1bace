"""Tools from OpenAPI documents: read whatever their form, called as they say, bounded, and never somewhere private."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from core.llm.http_client import open_public_client
from core.messages import Author, ConversationKey
from core.tools.addresses import is_public_address
from core.tools.openapi.document import OperationReader, parse_document
from core.tools.openapi.interface import (
    LARGEST_ANSWER,
    HttpClients,
    OpenApiSource,
    headers_for,
    own_headers,
    source_names,
)
from core.tools.openapi.operation import Operation
from core.tools.openapi.schemas import CHOICES, SchemaReader
from core.tools.sources.source import SourceFailed
from core.tools.tool import CallContext, Tool, ToolFailed

CONTEXT = CallContext(ConversationKey("slack", "T1", "C1", "1"), Author("U1", "Ada"), "UTC", "key-1")
PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "/v{major}", "variables": {"major": {"default": "2"}}}],
    "paths": {
        "/pets/{pet}": {
            "parameters": [{"$ref": "#/components/parameters/Pet"}],
            "get": {
                "operationId": "getPet",
                "summary": "Tells of a pet.",
                "parameters": [
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Lang", "in": "header", "schema": {"type": "string"}},
                    {"name": "pet", "in": "query", "schema": {"type": "string"}},
                ],
            },
            "put": {
                "operationId": "putPet",
                "requestBody": {
                    "required": True,
                    "content": {"application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                },
            },
            "delete": {"summary": "Lets it go."},
        },
        "/pictures": {"post": {"requestBody": {"required": True, "content": {"multipart/form-data": {}}}}},
        "/big": {"get": {"operationId": "big"}},
        "/away": {"get": {"operationId": "away"}},
    },
    "components": {
        "parameters": {"Pet": {"name": "pet", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {
            "Pet": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "nullable": True},
                    "friend": {"$ref": "#/components/schemas/Pet"},
                },
                "required": ["name"],
                "x-internal": True,
            }
        },
    },
}


@dataclass(slots=True)
class Shop:
    """A server of pets, and what it was asked; `told` is the document that it gives out."""

    url: str = ""
    told: Mapping[str, Any] = field(default_factory=lambda: PETS)
    asked: list[tuple[str, str, Mapping[str, str], str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer whatever is asked."""
        self.asked.append((request.method, request.raw_path, request.headers, await request.text()))
        if request.path == "/openapi.json":
            return web.json_response(self.told)
        if request.path == "/v2/big":
            return web.Response(text="x" * (LARGEST_ANSWER + 1))
        if request.path == "/v2/away":
            raise web.HTTPFound("http://127.0.0.1:1/")
        return web.json_response({"name": "Rex"}, status=404 if "Tom" in request.path else 200)


@asynccontextmanager
async def opened() -> AsyncIterator[Shop]:
    """Serve a shop."""
    shop, app = Shop(), web.Application()
    app.router.add_route("*", "/{path:.*}", shop.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shop
    finally:
        await runner.cleanup()


async def offered(place: str, headers: Mapping[str, Mapping[str, str]], clients: HttpClients) -> Mapping[str, Tool]:
    """Return the tools of a document by name; raises SourceFailed."""
    source = OpenApiSource(place, "pets", clients, headers)
    came: asyncio.Future[Sequence[Tool]] = asyncio.get_running_loop().create_future()

    async def take(tools: Sequence[Tool]) -> None:
        came.set_result(tools)

    task = asyncio.create_task(source.hold_open(take))
    async with asyncio.timeout(30):
        await asyncio.wait(list[asyncio.Future[Any]]([task, came]), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {tool.spec.name: tool for tool in came.result()}


Read = Callable[..., Awaitable[Mapping[str, Tool]]]


@pytest.fixture
async def read() -> AsyncIterator[Read]:
    """Return what reads the tools of a document at a place."""
    async with open_public_client(is_public_address, 5.0) as public, open_public_client(lambda _: True, 5.0) as named:

        async def read_tools(place: str, headers: Mapping[str, Mapping[str, str]] | None = None) -> Mapping[str, Tool]:
            return await offered(place, headers or {}, HttpClients(public, named))

        yield read_tools


async def test_each_operation_of_a_document_at_an_address_is_a_tool(read: Read) -> None:
    """A GET is read-only, PUT and DELETE may be repeated; what cannot be sent is left out."""
    async with opened() as shop:
        tools = await read(f"{shop.url}/openapi.json")
        kinds = {name: (tool.spec.is_read_only, tool.spec.is_idempotent) for name, tool in tools.items()}
        assert kinds == {
            "pets__getPet": (True, True),
            "pets__putPet": (False, True),
            "pets__delete_pets_pet_": (False, True),
            "pets__big": (True, True),
            "pets__away": (True, True),
        }
        assert "Tells of a pet." in tools["pets__getPet"].spec.description
        assert tools["pets__getPet"].spec.parameters["required"] == ["pet"]
        assert set(tools["pets__getPet"].spec.parameters["properties"]) == {"pet", "tags", "X-Lang", "query_pet"}
        assert tools["pets__putPet"].spec.parameters["properties"]["body"] == {
            "type": "object",
            "properties": {"name": {"type": ["string", "null"]}, "friend": {}},
            "required": ["name"],
        }


async def test_a_call_is_sent_as_the_document_says_with_its_key_and_the_hosts_headers(read: Read) -> None:
    """Whatever the arguments hold stays in its place; what the server says of a failure is told."""
    async with opened() as shop:
        keys = {shop.url.removeprefix("http://"): {"Authorization": "Bearer s3cret"}, "other": {"X": "y"}}
        tools = await read(f"{shop.url}/openapi.json", keys)
        arguments = {"pet": "a/../b?c=d#é", "tags": ["x", "y&z"], "X-Lang": "pt", "query_pet": "q"}
        gave = await tools["pets__getPet"].call(arguments, CONTEXT)
        assert (gave.text, gave.source) == ('{"name": "Rex"}', "127.0.0.1")
        method, path, headers, _ = shop.asked[-1]
        assert (method, path) == ("GET", "/v2/pets/a%2F..%2Fb%3Fc=d%23%C3%A9?tags=x&tags=y%26z&pet=q")
        sent = {name: headers.get(name) for name in ("Idempotency-Key", "Authorization", "X-Lang", "X")}
        assert sent == {"Idempotency-Key": "key-1", "Authorization": "Bearer s3cret", "X-Lang": "pt", "X": None}
        gave = await tools["pets__putPet"].call({"pet": "Tom", "body": {"name": "Tom"}}, CONTEXT)
        assert gave.text.startswith("[The tool reports a failure]\nstatus 404")
        assert json.loads(shop.asked[-1][3]) == {"name": "Tom"}


async def test_an_answer_is_bounded_and_no_redirect_is_followed(read: Read) -> None:
    """Nor is a part of an address that leads upwards sent."""
    async with opened() as shop:
        tools = await read(f"{shop.url}/openapi.json")
        with pytest.raises(ToolFailed, match="the request failed"):
            await tools["pets__big"].call({}, CONTEXT)
        assert "status 302" in (await tools["pets__away"].call({}, CONTEXT)).text
        for part in ("..", ".", ""):
            with pytest.raises(ToolFailed, match="no part of an address"):
                await tools["pets__getPet"].call({"pet": part}, CONTEXT)


async def test_a_document_from_elsewhere_names_no_private_server_but_its_own(read: Read, tmp_path: Path) -> None:
    """One in a file of the operator's may."""
    async with opened() as shop, opened() as other:
        for name in (other.url, "http://169.254.169.254", "http://[::1]", "http://localhost:1"):
            shop.told = {**PETS, "servers": [{"url": f"{name}/v2"}]}
            tools = await read(f"{shop.url}/openapi.json")
            with pytest.raises(ToolFailed, match=r"not on the public web|EndpointUnreachable"):
                await tools["pets__getPet"].call({"pet": "Rex"}, CONTEXT)
        assert other.asked == []
        file = tmp_path / "pets.yaml"
        file.write_text(yaml.safe_dump({**PETS, "servers": [{"url": f"{other.url}/v2"}]}))
        tools = await read(str(file))
        assert "Rex" in (await tools["pets__getPet"].call({"pet": "Rex"}, CONTEXT)).text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "neither JSON nor YAML"),
        ("a: [", "neither JSON nor YAML"),
        ("just a text", "none of OpenAPI 3"),
        ('{"swagger": "2.0"}', "none of OpenAPI 3"),
        (json.dumps({**PETS, "servers": []}), "names no server"),
        (json.dumps({**PETS, "servers": [{"url": "file:///etc"}]}), "names no server"),
        ("[" * 100_000, "neither JSON nor YAML"),
    ],
)
async def test_a_document_that_cannot_be_used_is_said_to_be(read: Read, tmp_path: Path, text: str, fault: str) -> None:
    """In a sentence."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SourceFailed, match=fault):
        await read(str(tmp_path / "x.json"))
    with pytest.raises(SourceFailed, match="cannot be read"):
        await read(str(tmp_path / "no.json"))


LAUGHS = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12))
LAUGHING = f"""
openapi: 3.0.0
servers: [{{url: 'https://x.example'}}]
x0: &x0 lol
{LAUGHS}
paths: {{/: {{get: {{parameters: [{{name: a, in: query, schema: {{enum: *x11}}}}]}}}}}}
"""


def refer(number: int) -> dict[str, str]:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/s{number}"}


def test_a_document_that_grows_without_end_is_refused() -> None:
    """By references that lead back to each other, or YAML's own."""
    wide = {f"s{n}": {"properties": {f"p{m}": refer(n + 1) for m in range(9)}} for n in range(20)}
    paths = {"/": {"post": {"requestBody": {"content": {"application/json": {"schema": refer(0)}}}}}}
    for document in ({**PETS, "paths": paths, "components": {"schemas": wide}}, parse_document(LAUGHING)):
        with pytest.raises(SourceFailed, match="too large"):
            OperationReader(document, "https://x.example/").read_operations()


def test_what_an_argument_may_be_one_of_is_told_in_whole() -> None:
    """At whichever depth, with what references lead to; what no tool knows of is left out."""
    choices = {name: [refer(0), {"type": "object", "properties": {"n": {"anyOf": [refer(0)]}}}] for name in CHOICES}
    told = SchemaReader({"components": {"schemas": {"s0": {"type": "string", "minLength": 2, "xml": {}}}}})
    plain = {"type": "string", "minLength": 2}
    assert told.plain_schema(choices) == {
        name: [plain, {"type": "object", "properties": {"n": {"anyOf": [plain]}}}] for name in CHOICES
    }


NAMES = ["get", "parameters", "schema", "in", "name", "requestBody", "content", "application/json", "properties", "/"]
ODD = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.just({"$ref": "#/paths"}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=40)
@given(ODD)
def test_no_document_is_more_than_refused(paths: Any) -> None:
    """Whatever stands where operations are looked for."""
    document = {"openapi": "3.0.0", "servers": [{"url": "https://x.example"}], "paths": paths}
    try:
        found = OperationReader(document, "").read_operations()
    except SourceFailed:
        return
    assert all(isinstance(each, Operation) for each in found)


KEYS = {"a.example": {"X": "1"}, "b.example": {"X": "2"}, "b.example:8443": {"X": "3"}, "c.example": {"X": "4"}}


@pytest.mark.parametrize(
    ("place", "hosts"),
    [
        ("https://a.example/api.json", {"a.example", "c.example"}),
        ("https://b.example/api.json", {"b.example", "b.example:8443", "c.example"}),
        ("https://A.example/other.json", {"a.example", "c.example"}),
        ("api.json", set(KEYS)),
    ],
)
def test_whoever_writes_one_document_does_not_use_the_keys_of_anothers_host(place: str, hosts: set[str]) -> None:
    """A host that no document comes from serves all that name it, and a file is the operator's own."""
    places = ["https://a.example/api.json", "https://b.example/api.json", "api.json"]
    assert set(own_headers(KEYS, place, places)) == hosts


def test_a_document_is_named_by_its_file_or_its_host() -> None:
    """And no two alike."""
    addresses = ["https://api.example.com/openapi.json", "https://api.example.com/two.yaml"]
    names = source_names(["/etc/weather.v2.json", *addresses, "weather v2.yaml"])
    assert names == ["weather_v2", "api_example_com", "api_example_com_2", "weather_v2_2"]


def test_a_document_of_few_lines_that_unfolds_to_billions_is_read_as_it_stands() -> None:
    """Its lists are never written out; in JSON, half of a letter is made valid."""
    lists = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10))
    text = f"""
openapi: 3.0.0
servers: [{{url: "https://a.example/"}}]
x0: &x0 [{", ".join("a" * 10)}]
{lists}
paths:
  /p:
    get: {{operationId: pets, summary: *x9, parameters: [{{name: *x9, in: query, schema: *x9}}]}}
"""
    (operation,) = OperationReader(parse_document(text), "").read_operations()
    assert (operation.name, operation.about) == ("pets", "")
    paths = {"/p": {"get": {"summary": "\ud800"}}}
    half = {"openapi": "3.0.0", "servers": [{"url": "https://a.example"}], "paths": paths}
    (told,) = OperationReader(parse_document(json.dumps(half)), "").read_operations()
    assert told.about == "\ufffd"


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://a.example/x", {"X": "1"}),
        ("https://a.example:443/x", {"X": "1"}),
        ("http://a.example/x", {}),
        ("https://a.example:8443/x", {"X": "2"}),
        ("http://a.example:81/x", {}),
        ("https://b.example/x", {}),
    ],
)
def test_a_key_goes_encrypted_to_its_host_or_to_the_port_that_is_named(url: str, keys: dict[str, str]) -> None:
    """A document may name any server; what the operator meant for another place does not go there."""
    assert headers_for({"a.example": {"X": "1"}, "a.example:8443": {"X": "2"}}, url) == keys
