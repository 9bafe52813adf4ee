"""Mail addresses, as they are written where a person is asked for one: checked before anything is sent to them.

What counts as one is what HTML takes in a field for e-mail (WHATWG, "valid e-mail address"): nothing quoted, no
comment, no display name, a domain of host names. Whether somebody reads what is sent there, nobody can check.
"""

import re
from collections.abc import Sequence

from eventyard.model.errors import Invalid

MOST_ADDRESSES = 30
"""Addresses in one list."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_LONGEST = 254
"""Characters of an address that a mail server need take (RFC 5321, section 4.5.3.1.3, less the brackets)."""


def is_address(text: str) -> bool:
    """Whether mail could be sent there."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def check_addresses(addresses: Sequence[str], *, at: str) -> None:
    """Raise ``Invalid`` (``invalid_body``) for the first that is no mail address, or for more than a list may hold."""
    if len(addresses) > MOST_ADDRESSES:
        raise Invalid("invalid_body", f"at most {MOST_ADDRESSES} mail addresses can be told", pointer=at)
    for place, address in enumerate(addresses):
        if not is_address(address):
            raise Invalid(
                "invalid_body",
                f"{address[:80]!r} is not a mail address",
                pointer=f"{at}/{place}",
                hint="write it as name@host.example, one address to each place",
            )
