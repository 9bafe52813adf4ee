import weakref

import pytest

from eventyard.api.patience import Patience


class Timer:
    """A timer of the loop below."""

    def __init__(self, when, call):
        self._when = when
        self.call = call
        self.cancelled = False

    def when(self):
        return self._when

    def cancel(self):
        self.cancelled = True


class Loop:
    """A loop whose clock is moved by hand."""

    def __init__(self):
        self.now = 100.0
        self.made = []

    def time(self):
        return self.now

    def call_at(self, when, call):
        self.made.append(Timer(when, call))
        return self.made[-1]

    @property
    def set(self):
        """The moments for which a timer is set."""
        return [timer.when() for timer in self.made if not timer.cancelled]

    def go(self, now):
        """Let time pass until then, and what is due go off."""
        self.now = now
        for timer in self.made[:]:
            if timer.when() <= now and not timer.cancelled:
                timer.cancel()
                timer.call()


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def ends():
    return []


@pytest.fixture
def patience(loop, ends):
    return Patience(loop, lambda: ends.append(loop.now))


def test_it_ends_when_it_is_time(loop, patience, ends):
    patience.until(105)
    loop.go(104)
    assert ends == []
    loop.go(105)
    assert ends == [105]


def test_it_is_moved_on_without_another_timer(loop, patience, ends):
    patience.until(105)
    for now in (101, 102, 103):
        loop.go(now)
        patience.unending()
        patience.until(now + 5)
    assert loop.set == [105]
    loop.go(105)
    assert (ends, loop.set) == ([], [108])
    loop.go(108)
    assert ends == [108]


def test_it_may_end_sooner_than_was_said(loop, patience, ends):
    patience.until(160)
    patience.until(105)
    assert loop.set == [105]
    loop.go(160)
    assert len(ends) == 1


def test_while_it_is_unending_no_timer_goes_on(loop, patience, ends):
    patience.until(105)
    patience.unending()
    loop.go(105)
    assert (ends, loop.set) == ([], [])
    patience.until(110)
    loop.go(110)
    assert ends == [110]


def test_once_stopped_it_never_ends(loop, patience, ends):
    patience.stop()
    patience.until(105)
    patience.stop()
    assert loop.set == []
    loop.go(200)
    assert ends == []


def test_once_stopped_it_holds_nobody(loop):
    class Held:
        def lost(self):
            raise AssertionError

    held = Held()
    patience, known = Patience(loop, held.lost), weakref.ref(held)
    patience.until(105)
    patience.stop()
    del held
    assert known() is None
