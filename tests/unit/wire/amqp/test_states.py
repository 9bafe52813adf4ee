from eventyard.wire.amqp.states import LISTENING, TRANSITIONS, State, Trigger


def reachable(start: State) -> set[State]:
    found = {start}
    while more := {after for (before, _), after in TRANSITIONS.items() if before in found} - found:
        found |= more
    return found


def test_every_state_can_be_reached_and_every_state_ends() -> None:
    assert reachable(State.NEW) == set(State)
    assert all(State.CLOSED in reachable(state) for state in State)


def test_nothing_happens_after_the_end() -> None:
    assert not [trigger for state, trigger in TRANSITIONS if state is State.CLOSED]


def test_everything_that_can_happen_happens_somewhere() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_nothing_is_read_while_the_gateway_decides() -> None:
    assert set(State) - LISTENING == {State.AUTHENTICATING, State.OPENING, State.LEAVING, State.CLOSED}
    assert {trigger for state, trigger in TRANSITIONS if state not in LISTENING} == {
        Trigger.LOGIN_ACCEPTED,
        Trigger.OPEN_ACCEPTED,
        Trigger.GONE,
        Trigger.FAILED,
        Trigger.ABANDONED,
    }
