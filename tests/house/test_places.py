"""Nothing kept here points to where it was written, or to a place that is not there."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, kept_files

MARKDOWN = [path for path in kept_files() if path.suffix == ".md"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for link in LINK.findall(text):
        if re.match(r"\w+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in {_anchor(heading) for heading in HEADING.findall(target.read_text())}, link


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_no_file_names_the_folder_it_was_written_in() -> None:
    here = {f"{place}/" for place in (ROOT, Path.home()) if place != Path("/")}
    named = [
        str(path.relative_to(ROOT))
        for path in kept_files()
        if any(place.encode() in path.read_bytes() for place in here)
    ]
    assert not named
