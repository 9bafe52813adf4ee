"""The calls that the README shows can be made as they stand, in their order; every call a page names is in the API."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import NamedTuple

import httpx
import pytest

from eventyard.testing.hub import Yard, memory_hub
from tests.docs.test_commands import PAGES, SHELL_BLOCK
from tests.house.tree import ROOT

NAMED = re.compile(r"`(GET|POST|PATCH|PUT|DELETE) (/[^` ]+)`")
PLACE = re.compile(r"\{[^}]*\}")
UNLISTED = {"/v1/empty": "it belongs to the benchmarks", "/metrics": "it is for Prometheus"}


class Call(NamedTuple):
    """One line of curl."""

    url: str
    headers: dict[str, str]
    body: str | None

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
    url, headers, body = "", {}, None
    for word in words:
        if word in ("-H", "-sH"):
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            assert not word.startswith("-"), word
            url = word
    return Call(url, headers, body)


async def test_the_first_calls_of_the_readme_do_what_it_says() -> None:
    answers: list[tuple[int, str]] = []
    async with memory_hub() as yard, httpx.AsyncClient(transport=httpx.ASGITransport(yard.app)) as client:
        for line in shown(yard):
            call = read(line)
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
    ]
    assert [run["event"]["data"] for run in claimed] == [{"id": 1, "country": "CH"}]
    assert run["status"] == "complete"


def named() -> list[tuple[Path, str, str]]:
    """The calls that pages name between backquotes, with the page each stands on."""
    return [(page, method, path) for page in PAGES for method, path in NAMED.findall(page.read_text())]


@pytest.mark.parametrize(("page", "method", "path"), named(), ids=lambda part: getattr(part, "name", part))
async def test_a_call_that_a_page_names_is_in_the_api(page: Path, method: str, path: str) -> None:
    async with memory_hub() as yard, httpx.AsyncClient(transport=httpx.ASGITransport(yard.app)) as client:
        paths = (await client.get("http://hub/openapi.json")).json()["paths"]
    known = {PLACE.sub("{}", path): set(calls) for path, calls in paths.items()}
    assert path in UNLISTED or method.lower() in known.get(PLACE.sub("{}", path), ()), page
