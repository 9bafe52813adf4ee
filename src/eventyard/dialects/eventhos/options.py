"""What an operator chose for the dialect. ``server.py`` fills it in from the settings."""

from msgspec import Struct

BASE = "/eventhos"
"""Everything of the dialect is at this path and below it."""


class Options(Struct, frozen=True):
    """See ``EventhosSettings`` in ``config/sections.py``."""

    project: str = "default"
    success_code: int = 200000
    access_key_in_query: bool = True
    time_zone: str = "UTC"
    token_minutes: int = 24 * 60
