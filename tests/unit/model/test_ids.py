from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.ids import RANDOM_BITS, uuid7

MOMENTS = st.integers(0, 2**48 - 1)
RANDOM = st.integers(0, 2**RANDOM_BITS - 1)


def test_the_example_of_rfc_9562_appendix_a6() -> None:
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, rand_a << 62 | rand_b) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(MOMENTS, RANDOM)
def test_every_moment_and_randomness_gives_a_version_7_uuid_that_begins_with_the_moment(now: int, bits: int) -> None:
    id = UUID(uuid7(now, bits))
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert id.int >> 80 == now


@given(MOMENTS, RANDOM, RANDOM)
def test_two_ids_of_one_moment_differ_exactly_when_their_randomness_does(now: int, one: int, other: int) -> None:
    assert (uuid7(now, one) == uuid7(now, other)) == (one == other)


@given(MOMENTS, MOMENTS, RANDOM)
def test_ids_sort_as_text_in_the_order_of_their_moments(one: int, other: int, bits: int) -> None:
    assert (uuid7(one, bits) < uuid7(other, bits)) == (one < other)
