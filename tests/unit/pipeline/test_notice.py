import pytest

from eventyard.model.outcome import Result, Sent
from eventyard.pipeline.notice import BODY_BYTES, HEADERS, LINE_CHARS, Notice, Part, parts_of, shown
from eventyard.testing import builders
from eventyard.wire.masking import Masker

MASKER = Masker(["password", "authorization", "access-key"])


def test_text_and_html_say_the_same():
    part = Part("What was sent", ["POST https://crm.example/hook", "content-type: application/json"], '{"a": 1}')
    notice = Notice("A delivery failed.", [("Target", "crm"), ("Journal entry", "7")], [part])
    assert notice.text() == (
        "A delivery failed.\n\n"
        "Target:        crm\n"
        "Journal entry: 7\n\n"
        "--- What was sent ---\n"
        "POST https://crm.example/hook\n"
        "content-type: application/json\n\n"
        '{"a": 1}\n'
    )
    assert notice.html() == (
        '<!doctype html>\n<html lang="en"><body>\n'
        "<p>A delivery failed.</p>\n"
        "<table>\n"
        "<tr><th align=left>Target</th><td>crm</td></tr>\n"
        "<tr><th align=left>Journal entry</th><td>7</td></tr>\n"
        "</table>\n"
        "<h3>What was sent</h3>\n"
        "<pre>POST https://crm.example/hook\ncontent-type: application/json\n\n{&quot;a&quot;: 1}</pre>\n"
        "</body></html>\n"
    )


def test_nothing_in_html_is_markup_but_our_own():
    part = Part("<b>", ["<i>: \"'"], "</pre><script>alert(1)</script>")
    html = Notice("<lead>", [("<word>", "<img src=x>"), ("See", 'https://h/"><script>')], [part]).html()
    for markup in ("<b>", "<i>", "<script", "</pre><", "<lead>", "<word>", "<img"):
        assert markup not in html
    assert '<a href="https://h/&quot;&gt;&lt;script&gt;">' in html


def test_a_fact_is_one_line():
    text = Notice("", [("Target", "a\r\nb"), ("Why", "c")], []).text()
    assert text == "\n\nTarget: a b\nWhy:    c\n"


def test_what_was_sent_and_what_came_back_is_shown_with_stars():
    sent = Sent(
        "PUT", "https://crm.example/hook?access-key=k", {"Authorization": "Bearer k", "a": "b"}, b'{"password": "k"}'
    )
    attempt = builders.attempt(
        1, Result.FAILED, status_code=500, error="500 Oops\npassword=k", sent=sent,
        response_headers={"x": "password=k"}, response_body=b"password=k",
    )  # fmt: skip
    request, response = parts_of(builders.event(), attempt, MASKER)
    assert request == Part(
        "What was sent",
        ["PUT https://crm.example/hook?access-key=****", "Authorization: ****", "a: b"],
        '{"password": "****"}',
    )
    assert response == Part(
        "What came back", ["500 after 12 ms: 500 Oops password=****", "x: password=****"], "password=****"
    )


def test_where_nothing_is_on_record_of_what_was_sent_the_event_is_shown():
    attempt = builders.attempt(1, Result.TIMED_OUT, error="no end within 20000 ms")
    event, response = parts_of(builders.event(b'{"password": "k"}'), attempt, MASKER)
    assert event == Part(
        "The event", ["order.created event-1", "content-type: application/json"], '{"password": "****"}'
    )
    assert response == Part("What came back", ["timed out after 12 ms: no end within 20000 ms"], "")


def test_a_delivery_without_an_attempt_shows_the_event_alone():
    assert [part.title for part in parts_of(builders.event(), None, MASKER)] == ["The event"]
    assert not list(parts_of(None, None, MASKER))


@pytest.mark.parametrize(("extra", "end"), [(0, "x"), (3, "x\n… and 3 bytes more")])
def test_a_long_body_is_cut(extra, end):
    text = shown(b"x" * (BODY_BYTES + extra), MASKER)
    assert text == "x" * (BODY_BYTES - 1) + end


def test_a_body_is_cut_between_characters():
    assert shown(b"x" + "ü".encode() * BODY_BYTES, MASKER).startswith("xüü")


@pytest.mark.parametrize("body", [b"\xff\xd8\xff", b"a\x00b"])
def test_what_is_no_text_is_only_named(body):
    assert shown(body, MASKER) == "(3 bytes that are no text)"


def test_headers_are_bounded_in_number_and_in_length():
    sent = Sent("GET", "/" + "u" * 9_000, {f"h{number}": "v" * 9_000 for number in range(100)})
    attempt = builders.attempt(1, Result.FAILED, sent=sent)
    request, _ = parts_of(None, attempt, MASKER)
    assert len(request.lines) == HEADERS + 1
    assert {len(line) for line in request.lines} == {LINE_CHARS}
