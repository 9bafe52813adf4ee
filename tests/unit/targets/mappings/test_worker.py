import io

import msgspec
import pytest

from eventyard.targets.mappings.worker import MAX_REPLY, Question, framed, replier, serve


def question(expression: str, document: bytes = b'{"a": [1, 2]}') -> Question:
    return Question(expression, msgspec.Raw(document), 0)


@pytest.mark.parametrize(
    ("expression", "reply"),
    [
        ("$sum(a)", b"+3"),
        ("{'b': a}", b'+{"b":[1,2]}'),
        ("null", b"+null"),
        ("b", b"0"),
        ("$error('no')", b"-D3137: no"),
        ("a.", b"-Parse error: S0207: Unexpected end of expression"),
    ],
)
def test_a_reply_is_a_value_or_nothing_or_an_error(expression: str, reply: bytes) -> None:
    assert replier()(question(expression)) == reply


def test_a_value_that_is_too_large_is_an_error() -> None:
    assert replier()(question(f"$pad('', {MAX_REPLY}, 'x')")) == b"-it makes more than 4194304 bytes"


def test_questions_are_answered_one_after_the_other_until_there_are_no_more() -> None:
    asked = [framed(msgspec.json.encode(question(expression))) for expression in ("a[0]", "a[5]", "a[1]")]
    replies = io.BytesIO()
    serve(replier(), io.BytesIO(b"".join(asked) + b"\0\0"), replies)
    assert replies.getvalue() == framed(b"+1") + framed(b"0") + framed(b"+2")
