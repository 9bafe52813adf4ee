"""What an operator chose for the Informatica dialects. ``server.py`` fills it in from the settings."""

from msgspec import Struct


class Options(Struct, frozen=True):
    """See ``InformaticaSettings`` in ``config/sections.py``."""

    cih_calls_per_minute: int = 5
    max_results: int = 2000
    invalid_filter_status: int = 500
    time_zone: str = "UTC"
