import pytest
from pamqp.commands import Queue
from pamqp.exceptions import CLASS_MAPPING, AMQPHardError

from eventyard.wire.amqp.errors import AmqpError, Level, ReplyCode, short


@pytest.mark.parametrize("code", ReplyCode)
def test_a_code_has_the_name_and_the_level_of_the_specification(code: ReplyCode) -> None:
    known = CLASS_MAPPING[code.value]
    assert vars(known)["name"] == code.name.replace("_", "-")
    assert (code.level is Level.CONNECTION) == issubclass(known, AMQPHardError)


def test_every_code_of_the_specification_is_there() -> None:
    assert set(CLASS_MAPPING) == set(map(int, ReplyCode))


def test_an_error_says_its_name_what_is_wrong_and_where() -> None:
    error = AmqpError(ReplyCode.NOT_FOUND, "no queue 'x' in vhost '/'", Queue.Bind)
    assert error.text == str(error) == "NOT_FOUND - no queue 'x' in vhost '/'"
    assert (error.class_id, error.method_id) == (50, 20)


def test_an_error_without_a_place_takes_that_of_the_method_at_hand() -> None:
    error = AmqpError(ReplyCode.ACCESS_REFUSED, "no")
    assert (error.class_id, error.method_id) == (0, 0)
    assert error.blaming(Queue.Purge(queue="q")) is error
    assert (error.class_id, error.method_id) == (50, 30)
    assert error.blaming(Queue.Bind).method_id == 30


def test_a_text_is_cut_between_characters_to_fit_a_short_string() -> None:
    assert short("a" * 254 + "ü") == "a" * 254
    assert len(AmqpError(ReplyCode.NOT_FOUND, "ü" * 300).text.encode()) == 254
