from eventyard.wire.amqp.heartbeat import Heartbeat


def test_a_heartbeat_is_due_after_half_an_interval_of_silence() -> None:
    heart = Heartbeat(60, 1_000)
    assert not heart.due(30_999)
    assert heart.due(31_000)
    heart.sent(31_000)
    assert not heart.due(60_999)


def test_a_client_is_given_up_after_two_intervals_of_silence() -> None:
    heart = Heartbeat(60, 1_000)
    assert not heart.dead(120_999)
    heart.received(100_000)
    assert not heart.dead(219_999)
    assert heart.dead(220_000)


def test_the_next_question_comes_when_the_answer_can_be_another() -> None:
    heart = Heartbeat(60, 0)
    assert heart.next(0) == 30_000
    heart.sent(110_000)
    assert heart.next(110_000) == 10_000
    assert heart.next(150_000) == 0


def test_without_an_interval_there_is_no_duty() -> None:
    heart = Heartbeat(0, 0)
    assert heart.next(10**9) is None
    assert not heart.due(10**9)
    assert not heart.dead(10**9)
