"""What is remembered of a message's deaths is what clients of RabbitMQ read, and breaks the same circles."""

from msgspec.structs import replace

from eventyard.model.event import Event
from eventyard.pipeline.streams.deaths import DEATHS, Death, deaths_of, goes_in_a_circle, with_death

EVENT = Event("1", "/s", "t", 0, b"", "k")
REFUSED = Death("work", "rejected", "orders", "new", 5)
LATE = Death("later, or never", "expired", "", "later", 6, expiration="100")


def after(*deaths: Death) -> Event:
    event = EVENT
    for death in deaths:
        event = replace(event, extensions={DEATHS: with_death(deaths_of(event), death)})
    return event


def test_who_never_died_has_no_deaths() -> None:
    assert deaths_of(EVENT) == ()
    assert deaths_of(replace(EVENT, extensions={DEATHS: "q:expired"})) == ()


def test_the_latest_death_is_the_first_and_names_may_hold_any_character() -> None:
    assert deaths_of(after(REFUSED, LATE)) == (LATE, REFUSED)


def test_deaths_of_one_queue_for_one_reason_are_counted_and_told_as_the_first_was() -> None:
    again = replace(REFUSED, at=9, key="other")
    assert deaths_of(after(REFUSED, LATE, again)) == (replace(REFUSED, count=2), LATE)


def test_a_circle_is_one_only_if_nobody_refused_the_message_on_the_way() -> None:
    deaths = deaths_of(after(REFUSED, LATE))
    assert not goes_in_a_circle(deaths, "elsewhere", "expired")
    assert goes_in_a_circle(deaths, "later, or never", "expired")
    assert not goes_in_a_circle(deaths, "later, or never", "rejected")
    assert not goes_in_a_circle(deaths_of(after(LATE, REFUSED)), "later, or never", "expired")
    assert not goes_in_a_circle(deaths, "work", "maxlen")
