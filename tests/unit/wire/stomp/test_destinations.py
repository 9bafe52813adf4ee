import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventyard.wire.stomp.destinations import Destination, Kind, build, parse
from eventyard.wire.stomp.errors import Refused

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "kind", "name", "key"),
    [
        ("/exchange/project.p/vehicles.*.#", Kind.EXCHANGE, "project.p", "vehicles.*.#"),
        ("exchange/project.p/a.b.c", Kind.EXCHANGE, "project.p", "a.b.c"),
        ("/exchange/amq.fanout", Kind.EXCHANGE, "amq.fanout", None),
        ("/exchange/amq.fanout/", Kind.EXCHANGE, "amq.fanout", ""),
        ("/exchange/a%2Fb/c%2fd", Kind.EXCHANGE, "a/b", "c/d"),
        ("/topic/a.*", Kind.TOPIC, "a.*", None),
        ("/queue/work", Kind.QUEUE, "work", None),
        ("/queue/100%", Kind.QUEUE, "100%", None),
        ("/queue/50%25", Kind.QUEUE, "50%", None),
        ("/queue/%C3%BC%FF", Kind.QUEUE, "%C3%BC%FF", None),
        ("/amq/queue/work", Kind.EXISTING_QUEUE, "work", None),
        ("/temp-queue/me", Kind.TEMPORARY_QUEUE, "me", None),
        ("/reply-queue/amq.gen-1/2%2F", Kind.REPLY_QUEUE, "amq.gen-1/2%2F", None),
        ("/token", Kind.TOKEN, "", None),
    ],
)
def test_a_destination_points_somewhere(text: str, kind: Kind, name: str, key: str | None) -> None:
    assert parse(text) == Destination(kind, name, key)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "Unknown destination"),
        ("queue/work", "Unknown destination"),
        ("/queues/work", "Unknown destination"),
        ("/token/x", "Unknown destination"),
        ("/exchange/", "Invalid destination"),
        ("/exchange//key", "Invalid destination"),
        ("/exchange/a/b/c", "Invalid destination"),
        ("/queue/", "Invalid destination"),
        ("/queue/a/b", "Invalid destination"),
        ("/topic/a/", "Invalid destination"),
        ("/reply-queue/", "Invalid destination"),
    ],
)
def test_what_points_nowhere_is_refused(text: str, title: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.title == title
    assert caught.value.pointer == "destination"


@pytest.mark.parametrize(
    ("exchange", "key", "text"),
    [
        ("", "work", "/queue/work"),
        ("amq.default", "work", "/queue/work"),
        ("amq.topic", "a.b", "/topic/a.b"),
        ("project.p", "a.b.c", "/exchange/project.p/a.b.c"),
        ("project.p", "", "/exchange/project.p"),
        ("a/b", "50%\n\N{LATIN SMALL LETTER U WITH DIAERESIS}", "/exchange/a%2Fb/50%25%0A%C3%BC"),
    ],
)
def test_a_message_says_where_it_was_published(exchange: str, key: str, text: str) -> None:
    assert build(exchange, key) == text


@given(NAMES, NAMES | st.none())
def test_what_is_written_is_read_back(name: str, key: str | None) -> None:
    destination = Destination(Kind.EXCHANGE, name, key)
    assert parse(str(destination)) == destination
    assert parse(build("amq.topic", name)) == Destination(Kind.TOPIC, name)


def test_every_kind_is_written_as_it_is_read() -> None:
    for text in ("/queue/a%2Fb", "/amq/queue/a", "/temp-queue/a", "/reply-queue/a/b%", "/token"):
        assert str(parse(text)) == text
