"""Counting what a broker sends without reading it: by the lengths of frames, and by strides where all are alike.

The load shares the machine with what it loads, so it must cost next to nothing. The messages of a measurement are all
as long as each other, nearly always: once the length of one is known from its frames, a whole read is counted by
comparing every so-many-th byte with what must stand there. Where that fails, frames are followed one by one.
"""

from collections.abc import Callable

Measure = Callable[[bytearray, int, int], int]
"""The length of what begins at a place of a buffer that ends at another; negative if it is no delivery, 0 if it is not
there to its end."""


class Counter:
    """Counts the deliveries of one connection. The first ``head`` bytes of each are compared, and the last."""

    __slots__ = ("_head", "_last", "_measure", "_start", "_stride", "count", "partial")

    def __init__(self, measure: Measure, head: int) -> None:
        self._measure = measure
        self._head = range(head)
        self._start = b""
        self._last = 0
        self._stride = 0
        self.count = 0
        self.partial = b""
        """What was left of the last read, and belongs before the next."""

    def feed(self, buffer: bytearray, end: int) -> tuple[int, int]:
        """Count what a buffer holds: how many deliveries, and where the last of them ends."""
        at = number = last = 0
        while at < end:
            alike = self._alike(buffer, at, end) if self._stride else 0
            if not alike:
                size = self._measure(buffer, at, end)
                if not size:
                    break
                if size < 0:
                    at -= size
                    continue
                self._stride, alike = size, 1
                self._start, self._last = bytes(buffer[at : at + len(self._head)]), buffer[at + size - 1]
            at += alike * self._stride
            number += alike
            last = at
        self.partial = bytes(buffer[at:end]) if at < end else b""
        self.count += number
        return number, last

    def _alike(self, buffer: bytearray, at: int, end: int) -> int:
        """How many deliveries of the known length follow, if all that is there are such; else 0."""
        stride = self._stride
        number = (end - at) // stride
        until = at + number * stride
        if not number or buffer[at + stride - 1 : until : stride].count(self._last) != number:
            return 0
        for place in self._head:
            if buffer[at + place : until : stride].count(self._start[place]) != number:
                return 0
        return number
