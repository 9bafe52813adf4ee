import pytest

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
