import pytest
from hypothesis import given
from hypothesis.strategies import DataObject, booleans, data, lists, permutations

from eventyard.wire.amqp.acknowledgements import Confirms, Unacked
from eventyard.wire.amqp.errors import AmqpError, Level


def outstanding(*items: str) -> Unacked[str]:
    unacked: Unacked[str] = Unacked()
    for item in items:
        unacked.add(item)
    return unacked


def test_deliveries_are_counted_from_one_with_those_that_need_no_acknowledgement() -> None:
    unacked: Unacked[str] = Unacked()
    assert [unacked.add("a"), unacked.next_tag(), unacked.add("b")] == [1, 2, 3]
    assert len(unacked) == 2


def test_one_is_acknowledged_by_its_tag() -> None:
    unacked = outstanding("a", "b", "c")
    assert unacked.settle(2, multiple=False) == ["b"]
    assert len(unacked) == 2


def test_several_are_acknowledged_up_to_a_tag_in_their_order() -> None:
    unacked = outstanding("a", "b", "c", "d")
    unacked.settle(2, multiple=False)
    assert unacked.settle(3, multiple=True) == ["a", "c"]
    assert unacked.settle(0, multiple=True) == ["d"]
    assert unacked.settle(0, multiple=True) == []


@pytest.mark.parametrize(("tag", "multiple"), [(99, False), (99, True), (2, False), (2, True), (0, False)])
def test_a_tag_that_is_not_outstanding_is_refused_and_nothing_is_acknowledged(tag: int, multiple: bool) -> None:
    unacked = outstanding("a", "b", "c")
    unacked.settle(2, multiple=False)
    with pytest.raises(AmqpError, match=f"^PRECONDITION_FAILED - unknown delivery tag {tag}$") as refused:
        unacked.settle(tag, multiple)
    assert refused.value.code.level is Level.CHANNEL
    assert len(unacked) == 2


def test_after_recovery_tags_go_on() -> None:
    unacked = outstanding("a", "b")
    assert unacked.clear() == ["a", "b"]
    assert unacked.add("a") == 3


def published(count: int) -> Confirms:
    confirms = Confirms()
    assert [confirms.next_tag() for _ in range(count)] == list(range(1, count + 1))
    return confirms


def test_all_that_is_safe_up_to_the_oldest_that_is_not_takes_one_confirmation() -> None:
    confirms = published(5)
    for tag in (1, 3, 2, 5):
        confirms.settle(tag)
    assert confirms.waiting == 1
    assert confirms.take() == [(3, True, True), (5, False, True)]
    assert confirms.take() == []
    confirms.settle(4)
    assert confirms.take() == [(4, False, True)]


def test_a_failure_is_not_hidden_in_a_confirmation_of_others() -> None:
    confirms = published(5)
    for tag in (1, 2, 3, 4, 5):
        confirms.settle(tag, safe=tag != 3)
    assert confirms.take() == [(2, True, True), (3, False, False), (5, True, True)]


@given(data())
def test_every_publication_is_confirmed_once_as_what_it_came_to_in_whatever_order(draw: DataObject) -> None:
    confirms = Confirms()
    fates = draw.draw(lists(booleans(), max_size=30))
    for tag, _ in enumerate(fates, start=1):
        assert confirms.next_tag() == tag
    told: dict[int, bool] = {}
    settled: set[int] = set()
    for tag in draw.draw(permutations(range(1, len(fates) + 1))):
        confirms.settle(tag, fates[tag - 1])
        settled.add(tag)
        assert confirms.waiting == len(fates) - len(settled)
        if draw.draw(booleans()):
            _tell(confirms, told)
            assert set(told) == settled
    _tell(confirms, told)
    assert told == dict(enumerate(fates, start=1))


def _tell(confirms: Confirms, told: dict[int, bool]) -> None:
    """Take in what a client is told: ``multiple`` is about all up to the tag that it was not told of before."""
    for tag, multiple, safe in confirms.take():
        meant = [one for one in range(1, tag + 1) if one not in told] if multiple else [tag]
        assert not set(meant) & set(told)
        told.update(dict.fromkeys(meant, safe))
