import pytest

from eventyard.api.names import meant, shortened


@pytest.mark.parametrize(("name", "shown"), [("", ""), ("x" * 80, "x" * 80), ("x" * 81, "x" * 80 + "…")])
def test_of_a_long_name_the_beginning_is_repeated(name, shown):
    assert shortened(name) == shown


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("statsu", ["status", "kind"], "did you mean 'status'?"),
        ("colour", ["status", "kind"], "fields here: status, kind"),
        ("colour", [], "fields here: none"),
    ],
)
def test_the_nearest_name_is_what_was_meant_if_it_is_near(name, known, hint):
    assert meant(name, known, "fields") == hint
