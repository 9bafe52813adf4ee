"""``/asyncapi`` in a browser, as delivered: under its content security policy, from this hub alone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventyard.cli.demo.child import Child
from eventyard.dialects.data_events.seed import MESSAGES, OPERATIONS
from tests.e2e.chromium import Page, chromium

pytestmark = [pytest.mark.needs("Chromium"), pytest.mark.needs("the browser files of the documentation pages")]

DRAWN = "document.querySelector('main').hidden && document.querySelectorAll('.aui-root h3').length"
SIZES = {"wide": (1700, 1000), "middle": (1280, 900), "narrow": (400, 800)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Page:
    browser.faults.clear()
    return browser


@pytest.fixture(scope="module")
def topics(live: Child) -> None:
    """Topics of the project ``default``, and a project beside it."""
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "value": {"$ref": "#/$defs/value"}}}
    with httpx.Client(base_url=live.url, headers={"authorization": f"Bearer {live.key}"}) as admin:
        for body in (
            {
                "name": "orders",
                "schema": {**tree, "$defs": {"value": {"type": "string"}}, "examples": [{"value": "v"}]},
            },
            {"name": "north/{a}?b#c 50% Ä"},
        ):
            admin.post("/v1/topics", json={**body, "project_id": "default"}).raise_for_status()
        admin.post("/v1/projects", json={"name": "other"}).raise_for_status()


def expand_all(page: Page) -> None:
    """Open everything there is to open, what was in it, and the examples."""
    page.until("""{
      const closed = [...document.querySelectorAll(".aui-root button")].filter((b) => b.innerText === "Expand all");
      closed.forEach((button) => button.click());
      return !closed.length && document.body.innerText.includes("specversion");
    }""")
    seen = "document.body.innerText.split('specversion').length"
    before = page.run(seen)
    page.run("document.querySelectorAll('.aui-root .bg-gray-800 button').forEach((button) => button.click())")
    page.until(f"{seen} > {before}")


def ask(page: Page, key: str) -> None:
    page.run(f"document.forms.ask.elements.key.value = '{key}'; document.forms.ask.requestSubmit()")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_viewer_shows_the_seed_and_breaks_no_rule_of_its_policy(
    live: Child, page: Page, size: str, dark: bool, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    page.open(f"{live.url}/asyncapi", width=width, height=height, dark=dark).until(DRAWN)
    text = page.text()
    assert not [operation.id for operation in OPERATIONS if operation.id not in text]
    assert not [message.name for message in MESSAGES if message.name not in text]
    expand_all(page)
    assert page.run("document.documentElement.scrollWidth") == width
    page.picture(tmp_path / f"{size}.png")
    assert page.faults == []


def test_no_text_becomes_script_even_after_the_viewer_is_there(live: Child, page: Page) -> None:
    page.open(f"{live.url}/asyncapi").until(DRAWN)
    refused = "(() => { try { new Function('return 1'); return 'taken'; } catch (error) { return error.name; } })()"
    assert page.run(refused) == "EvalError"


def test_who_gives_a_key_sees_their_project_and_may_choose_another(live: Child, topics: None, page: Page) -> None:
    page.open(f"{live.url}/asyncapi").until(DRAWN)
    assert "exchange/orders/{routingKey}" not in page.text()
    ask(page, live.key)
    page.until("document.body.innerText.includes('Eventyard data events: default')")
    text = page.text()
    assert "exchange/orders/{routingKey}" in text
    assert "exchange/north%2F%7Ba%7D%3Fb%23c 50%25 %C3%84/{routingKey}" in text
    expand_all(page)
    page.run(
        "const projects = document.forms.ask.elements.project; projects.selectedIndex = 1;"
        "projects.dispatchEvent(new Event('change'))"
    )
    page.until("document.body.innerText.includes('Eventyard data events: other')")
    assert "exchange/orders/{routingKey}" not in page.text()
    assert page.faults == []


def test_who_gives_a_wrong_key_is_told(live: Child, page: Page) -> None:
    page.open(f"{live.url}/asyncapi").until(DRAWN)
    ask(page, "wrong")
    assert "not valid" in page.until("document.forms.ask.elements.said.value")


def test_without_script_the_page_is_a_table_that_fits(live: Child, page: Page) -> None:
    for width, height in SIZES.values():
        page.open(f"{live.url}/asyncapi", width=width, height=height, script=False)
        text = page.text()
        assert not [operation.id for operation in OPERATIONS if operation.id not in text]
        assert "API key" not in text
        assert page.run("document.documentElement.scrollWidth") == width
