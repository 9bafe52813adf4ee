"""Who guesses waits; nobody else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.model.errors import TooMany
from eventyard.pipeline.identity.lockout import (
    FREE,
    MOST_KEPT,
    OF_ONE_ADDRESS,
    WINDOW_MS,
    Lockout,
    network_of,
    pause_after,
)
from eventyard.testing.fakes import HandClock

ATTACKER, HOME = "198.51.100.7", "192.0.2.1"


class Yard:
    def __init__(self):
        self.clock = HandClock()
        self.lockout = Lockout(self.clock)

    def fail(self, times=1, source=ATTACKER, account="admin"):
        for _ in range(times):
            self.lockout.attempt(source, account)

    def wait(self, source=ATTACKER, account="admin"):
        """How long somebody has to wait; 0: not at all."""
        try:
            self.lockout.check(source, account)
        except TooMany as refused:
            assert refused.code == "locked_out"
            return refused.retry_after
        return 0


@pytest.fixture
def yard():
    return Yard()


def test_five_in_a_row_and_then_each_pause_is_twice_the_last(yard):
    waits = []
    for _ in range(9):
        yard.fail()
        waits.append(yard.wait())
        yard.clock.advance(waits[-1] * 1000)
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_no_pause_is_longer_than_the_window():
    assert [pause_after(count) for count in (0, FREE - 1, FREE, 100, 10_000)] == [0, 0, 1000, WINDOW_MS, WINDOW_MS]


def test_who_has_to_wait_may_not_even_try(yard):
    yard.fail(FREE)
    with pytest.raises(TooMany):
        yard.lockout.attempt(ATTACKER, "admin")
    yard.clock.advance(1000)
    yard.lockout.attempt(ATTACKER, "admin")


def test_nobody_can_lock_an_administrator_out_from_elsewhere(yard):
    for _ in range(200):
        yard.clock.advance(yard.wait() * 1000)
        yard.fail()
        yard.clock.advance(10_000)
        assert yard.wait(HOME) == 0
    assert yard.wait() > 0


def test_not_even_from_very_many_addresses(yard):
    for number in range(1000):
        yard.fail(FREE, source=f"198.51.{number >> 8}.{number & 255}")
    assert yard.wait(HOME) == 0


def test_another_account_from_the_same_address_is_not_meant(yard):
    yard.fail(FREE)
    assert yard.wait(account="ada") == 0


def test_success_forgets_the_failures(yard):
    yard.fail(FREE - 1)
    yard.lockout.attempt(ATTACKER, "admin")
    yard.lockout.succeeded(ATTACKER, "admin")
    yard.fail(FREE - 1)
    assert yard.wait() == 0


def test_failures_a_window_apart_are_not_in_a_row(yard):
    yard.fail(FREE - 1)
    yard.clock.advance(WINDOW_MS)
    yard.fail(FREE - 1)
    assert yard.wait() == 0


def test_many_at_the_same_time_gain_nothing(yard):
    begun = 0
    for _ in range(100):
        try:
            yard.fail()
        except TooMany:
            continue
        begun += 1
    assert begun == FREE


def test_an_address_that_tries_many_accounts_is_slowed_down_as_a_whole(yard):
    for number in range(OF_ONE_ADDRESS):
        yard.fail(account=f"user-{number}")
    assert yard.wait(account="yet-another") == 10
    assert yard.wait(HOME, account="yet-another") == 0
    yard.clock.advance(10_000)
    assert yard.wait(account="yet-another") == 0


def test_success_costs_an_address_nothing(yard):
    for number in range(5 * OF_ONE_ADDRESS):
        yard.lockout.attempt(HOME, f"user-{number}")
        yard.lockout.succeeded(HOME, f"user-{number}")
    assert yard.wait(HOME) == 0


def test_what_is_kept_is_bounded_and_the_latest_is_kept(yard):
    for number in range(MOST_KEPT + 500):
        yard.fail(source=f"source-{number}")
    yard.fail(FREE)
    assert len(yard.lockout._accounts) == len(yard.lockout._sources) == MOST_KEPT
    assert yard.wait() == 1


def test_a_name_of_any_length_takes_no_more_room(yard):
    yard.fail(FREE, account="x" * 1_000_000)
    assert {len(key) for key in yard.lockout._accounts} == {32}
    yard.fail(FREE, account="\udcff")


def test_whoever_has_a_network_of_ipv6_has_one_address():
    assert network_of("2001:db8:0:1::5") == network_of("2001:db8:0:1:ffff::9") != network_of("2001:db8:0:2::5")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("") == ""


@given(st.text())
def test_anything_may_stand_for_an_address(source):
    assert isinstance(network_of(source), str)


def test_who_proves_themselves_without_an_attempt_is_forgiven_but_gains_no_more_of_them(yard):
    yard.fail(FREE - 1)
    yard.lockout.forget(ATTACKER, "admin")
    yard.fail(FREE - 1)
    assert yard.wait() == 0
    for number in range(OF_ONE_ADDRESS - 2 * (FREE - 1)):
        yard.fail(account=f"user {number}")
        yard.lockout.forget(ATTACKER, f"user {number}")
    assert yard.wait() > 0
