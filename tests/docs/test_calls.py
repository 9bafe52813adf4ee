"""The calls that the README shows can be made as they stand, in their order; every call a page names is in the API."""

import asyncio
import json
import re
import shlex
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from eventyard.testing.hub import Yard, memory_hub
from tests.docs.test_commands import PAGES, SHELL_BLOCK
from tests.house.tree import ROOT

NAMED = re.compile(r"`(GET|POST|PATCH|PUT|DELETE) (/[^` ]+)`")
PLACE = re.compile(r"\{[^}]*\}")
UNLISTED = {
    "/v1/empty": "it belongs to the benchmarks",
    "/metrics": "it is for Prometheus",
    "/v1/streams/{exchange}": "its answer lasts, which OpenAPI has no words for",
}


class Call(NamedTuple):
    """One line of curl."""

    url: str
    headers: dict[str, str]
    body: str | None
    lasts: bool

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


def shown(yard: Yard) -> Iterator[str]:
    """The lines of the README's first calls that are curl's, with the reader's variables filled in."""
    for block in SHELL_BLOCK.findall((ROOT / "README.md").read_text()):
        for line in block.replace("\\\n", "").splitlines():
            if line.startswith("curl "):
                known = {"hub": "http://hub", "json": "Content-Type: application/json"}
                yield Template(line).substitute(known, auth=f"Authorization: Bearer {yard.key}")


def read(line: str) -> Call:
    """What a line of curl asks for. Only the options that the README uses are known here."""
    words = iter(shlex.split(line)[1:])
    url, headers, body, lasts = "", {}, None, False
    for word in words:
        lasts |= word == "-sNH"
        if word in ("-H", "-sH", "-sNH"):
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            assert not word.startswith("-"), word
            url = word
    return Call(url, headers, body, lasts)


async def first_event(yard: Yard, call: Call) -> Any:
    """The first event of an answer that lasts, which is then left."""
    url, body, left = httpx.URL(call.url), b"", asyncio.Event()
    headers = [(name.lower().encode(), value.encode()) for name, value in call.headers.items()]
    scope = {"type": "http", "method": "GET", "path": url.path, "query_string": url.query, "headers": headers}

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal body
        body += message.get("body", b"")
        if b"data: " in body:
            left.set()

    await yard.app(scope, receive, send)
    return json.loads(next(line[6:] for line in body.splitlines() if line.startswith(b"data: ")))


async def test_the_first_calls_of_the_readme_do_what_it_says() -> None:
    answers: list[tuple[int, str]] = []
    async with memory_hub() as yard, httpx.AsyncClient(transport=httpx.ASGITransport(yard.app)) as client:
        for line in shown(yard):
            call = read(line)
            if call.lasts:
                streamed = await first_event(yard, call)
                continue
            answer = await client.request(call.method, call.url, headers=call.headers, content=call.body)
            answers.append((answer.status_code, httpx.URL(call.url).path.rpartition("/")[2]))
            if answers[-1][1] == "claim":
                claimed = answer.json()
        run = (await client.get(f"http://hub/v1/events/{claimed[0]['id']}", headers=yard.headers())).json()
    assert answers == [
        (201, "event-sources"),
        (201, "jobs"),
        (201, "subscriptions"),
        (200, "dispatch"),
        (200, "events"),
        (200, "claim"),
        (204, "complete"),
        (200, "exchanges"),
        (200, "queues"),
        (200, "connections"),
    ]
    assert streamed["data"] == {"id": 1, "country": "CH"}
    assert [run["event"]["data"] for run in claimed] == [{"id": 1, "country": "CH"}]
    assert run["status"] == "complete"


BASES = ("", "/eventhos", "/dih-console", "/cih/dih-console")
"""Below each of these there is an ``openapi.json``."""


def named() -> list[tuple[Path, str, str]]:
    """The calls that pages name between backquotes, with the page each stands on."""
    return [(page, method, path) for page in PAGES for method, path in NAMED.findall(page.read_text())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def described() -> Mapping[str, set[str]]:
    """The methods of every path that the API describes, whatever its parts are called."""
    async with memory_hub() as yard, httpx.AsyncClient(transport=httpx.ASGITransport(yard.app)) as client:
        documents = [(await client.get(f"http://hub{base}/openapi.json")).json() for base in BASES]
    return {PLACE.sub("{}", path): set(calls) for document in documents for path, calls in document["paths"].items()}


@pytest.mark.parametrize(("page", "method", "path"), named(), ids=lambda part: getattr(part, "name", part))
def test_a_call_that_a_page_names_is_in_the_api(
    page: Path, method: str, path: str, described: Mapping[str, set[str]]
) -> None:
    assert path in UNLISTED or method.lower() in described.get(PLACE.sub("{}", path), ()), page
