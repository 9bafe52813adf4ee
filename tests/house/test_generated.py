"""What the docs say of the code is what the code says."""

import pytest

from eventyard.config import known
from tools.generate_docs import DOCS, PAGES, render


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text() == render(page), "run make docs"


def test_every_setting_says_what_it_does() -> None:
    assert not [name for name, field in known() if not field.description]
