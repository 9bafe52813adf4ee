"""Requests that are sent before the one ahead of them is answered (RFC 9112, section 9.3.2).

They wait for their turn. A request that waits takes many times its bytes, so of those that one read brings no more are
looked at than some, and as long as any wait nothing more is read.
"""

from uvicorn.protocols.http.flow_control import FlowControl

WAITING = 16
"""How many requests are looked at before the first of them is answered."""

_BLANK_LINE = b"\r\n\r\n"
"""Ends every head, and little else."""


class Flow(FlowControl):
    """uvicorn's, which would go on reading as soon as an application asks for its body."""

    held = False

    def resume_reading(self) -> None:
        """Go on, unless it is held."""
        if not self.held:
            super().resume_reading()


def end_of_some(data: bytes, begun: int) -> int:
    """Where as many heads as may wait end, or else the data."""
    for _ in range(WAITING):
        begun = data.find(_BLANK_LINE, begun) + len(_BLANK_LINE)
        if begun < len(_BLANK_LINE):
            return len(data)
    return begun
