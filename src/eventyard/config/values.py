"""What single settings have to look like, whichever table they stand in: each a type whose values were looked at.

What a value is refused for is said without repeating it, as some are secret. The tables are in ``sections.py``.
"""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

SQLITE = "sqlite:///"

Positive = Annotated[int, Field(gt=0)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("that is no time zone; write one such as Europe/Lisbon") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


def _sqlite(url: str) -> str:
    if not url.removeprefix(SQLITE) or not url.startswith(SQLITE):
        raise ValueError(f"that is not a store this version has; write {SQLITE}PATH, or leave it unset")
    return url


StoreUrl = Annotated[str, AfterValidator(_sqlite)]
