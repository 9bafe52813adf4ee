from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.ids import RANDOM_BYTES, uuid7, uuid7s

MOMENTS = st.integers(0, 2**48 - 1)
RANDOM = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


USED = int("fff3fffffffffffffff0", 16)


def test_the_example_of_rfc_9562_appendix_a6() -> None:
    randomness = bytes.fromhex("cc3" + "1" + "8c4dc0c0c07398f" + "0")
    assert uuid7(0x017F22E279B0, randomness) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(MOMENTS, RANDOM)
def test_every_moment_and_randomness_gives_a_version_7_uuid_that_begins_with_the_moment(
    now: int, random: bytes
) -> None:
    id = UUID(uuid7(now, random))
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert id.int >> 80 == now


@given(MOMENTS, RANDOM, RANDOM)
def test_two_ids_of_one_moment_differ_exactly_when_their_74_bits_do(now: int, one: bytes, other: bytes) -> None:
    same = int.from_bytes(one, "big") & USED == int.from_bytes(other, "big") & USED
    assert (uuid7(now, one) == uuid7(now, other)) == same


@given(MOMENTS, MOMENTS, RANDOM)
def test_ids_sort_as_text_in_the_order_of_their_moments(one: int, other: int, random: bytes) -> None:
    assert (uuid7(one, random) < uuid7(other, random)) == (one < other)


@given(MOMENTS, st.lists(RANDOM))
def test_many_at_a_time_are_those_made_one_by_one(now: int, random: list[bytes]) -> None:
    assert uuid7s(now, b"".join(random)) == [uuid7(now, one) for one in random]
