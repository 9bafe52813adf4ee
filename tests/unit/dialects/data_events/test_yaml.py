import yaml
from hypothesis import given
from hypothesis import strategies as st

from eventyard.dialects.data_events.yaml import to_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
)


def test_it_reads_like_yaml():
    value = {"asyncapi": "3.0.0", "servers": {"stomp": {"tags": ["a", {"b": 1}], "none": [], "x": {}}}}
    assert to_yaml(value) == (
        b'"asyncapi": "3.0.0"\n"servers":\n  "stomp":\n    "tags":\n      - "a"\n      -\n        "b": 1\n'
        b'    "none": []\n    "x": {}\n'
    )


@given(JSON)
def test_a_reader_of_yaml_reads_the_same_value(value):
    assert yaml.safe_load(to_yaml(value)) == value
