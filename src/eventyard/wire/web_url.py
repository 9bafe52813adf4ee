"""URLs of the web, as people write them where the hub, or a program of theirs, is to be reached."""

from urllib.parse import SplitResult, urlsplit


def web_url(text: str) -> SplitResult | None:
    """The parts of a URL that can be asked: of http or https, with a host; ``None`` for any other text."""
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or brackets around no address
        return None
    return parts if named and " " not in text and text.isprintable() else None
