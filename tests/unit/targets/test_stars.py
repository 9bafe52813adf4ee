import json
from base64 import b64decode, b64encode
from urllib.parse import quote

import pytest

from eventyard.model.outcome import Outcome, Result, Sent
from eventyard.targets.stars import Stars


def test_a_secret_is_starred_in_each_form_it_can_have() -> None:
    stars = Stars(['p"w/1'])
    assert stars.text('p"w/1, p\\"w/1, p%22w%2F1') == "***, ***, ***"
    assert stars.data(b'{"password":"p\\"w/1"}') == b'{"password":"***"}'


def test_of_a_bearer_token_the_token_alone_is_starred_and_of_two_the_longer_first() -> None:
    assert Stars(["Bearer abc", "abcdef"]).text("Bearer abc, abcdef") == "Bearer ***, ***"


def test_a_secret_of_several_words_is_starred_whole() -> None:
    stars = Stars(["correct horse/2"])
    told = 'correct horse/2, "correct horse\\/2", secret=correct+horse%2F2, correct%20horse%2F2; horse/2'
    assert stars.text(told) == '***, "***", secret=***, ***; ***'


def test_a_secret_that_is_cut_off_at_the_end_is_starred_as_far_as_it_is_there() -> None:
    stars = Stars(["s3cret-of-the-shop"])
    assert stars.text("x" * 1016 + "s3cret-o") == "x" * 1016 + "***"
    assert stars.data(b"x" * 16_374 + b"s3cret-of-the-shop"[:10]) == b"x" * 16_374 + b"***"
    assert stars.text("x" * 1020 + "s3cr") == "x" * 1020 + "s3cr"
    assert stars.text("that is all of s3cret-o") == "that is all of s3cret-o"


def test_of_a_webhook_secret_the_key_alone_is_starred() -> None:
    told = Stars(["whsec_QacCoKv/GqKP8GWz"]).text("whsec_QacCoKv/GqKP8GWz, QacCoKv/GqKP8GWz, QacCoKv%2FGqKP8GWz")
    assert told == "***, ***, ***"


def test_nothing_is_starred_for_an_empty_secret() -> None:
    outcome = Outcome(Result.DELIVERED, 200, response_body=b"ok")
    assert Stars(["", "Bearer "]).outcome(outcome) is outcome


def test_an_outcome_holds_no_secret_anywhere() -> None:
    outcome = Outcome(
        Result.FAILED,
        500,
        "the receiver said s3cret",
        response_headers={"x-echo": "s3cret"},
        response_body=b"you sent s3cret",
        reply=b"you sent s3cret",
        sent=Sent("POST", "https://shop.example/?key=s3cret", {"x-key": "s3cret"}, b"s3cret"),
    )
    assert Stars(["s3cret"]).outcome(outcome) == Outcome(
        Result.FAILED,
        500,
        "the receiver said ***",
        response_headers={"x-echo": "***"},
        response_body=b"you sent ***",
        reply=b"you sent ***",
        sent=Sent("POST", "https://shop.example/?key=***", {"x-key": "***"}, b"***"),
    )


KEY = "7/+7/+7/+7/QacCoKv7/+7/+7/+7/GqKP8GWzKMAAw=="
RAW = b64decode(KEY)


@pytest.mark.parametrize(
    "told",
    [
        KEY,
        KEY.rstrip("="),
        KEY.replace("/", "_").replace("+", "-"),
        KEY.replace("/", "_").replace("+", "-").rstrip("="),
        KEY.rstrip("=").replace("/", "\\/"),
        quote(KEY.rstrip("="), safe=""),
        RAW.hex(),
        RAW.hex().upper(),
        RAW.decode("latin-1"),
    ],
)
@pytest.mark.parametrize("given", [KEY, KEY.rstrip("=")])
def test_of_a_webhook_secret_each_way_to_write_the_key_is_starred(given: str, told: str) -> None:
    stars = Stars([f"whsec_{given}"])
    assert stars.text(f'{{"key":"{told}"}}') == '{"key":"***"}'
    assert stars.data(f'{{"key":"{told}"}}'.encode()) == b'{"key":"***"}'


def test_the_bytes_of_a_webhook_key_are_starred() -> None:
    assert Stars([f"whsec_{KEY}"]).data(b"\0" + RAW + b"\xff") == b"\0***\xff"


def test_a_webhook_key_that_is_a_text_is_starred_as_one() -> None:
    stars = Stars([f"whsec_{b64encode(b'correct horse/battery').decode()}"])
    assert stars.text("correct horse/battery, correct%20horse%2Fbattery") == "***, ***"


def test_of_basic_credentials_the_pair_and_the_password_alone_are_starred_but_not_the_user() -> None:
    encoded = b64encode(b'alice:passw0rd"xyz').decode()
    stars = Stars([f"Basic {encoded}"])
    told = f'Basic {encoded}, alice:passw0rd"xyz, alice%3Apassw0rd%22xyz, "passw0rd\\"xyz", alice'
    assert stars.text(told) == 'Basic ***, ***, ***, "***", alice'
    assert stars.data(told.encode()) == b'Basic ***, ***, ***, "***", alice'


@pytest.mark.parametrize("scheme", ["basic", "BASIC"])
def test_the_word_before_basic_credentials_is_in_any_case(scheme: str) -> None:
    assert Stars([f"{scheme} {b64encode(b'alice:passw0rd').decode()}"]).text("passw0rd") == "***"


def test_basic_credentials_without_padding_are_starred() -> None:
    encoded = b64encode(b"alice:passw0rd-xyz+").decode()
    assert encoded.endswith("=")
    assert Stars([f"Basic {encoded}"]).text(f"{encoded.rstrip('=')}; {encoded}") == "***; ***"


def test_a_password_that_is_no_utf_8_is_starred() -> None:
    stars = Stars([f"Basic {b64encode('alice:größe-1'.encode('latin-1')).decode()}"])
    assert stars.data("größe-1, größe-1".encode()) == b"***, ***"
    assert stars.data("größe-1".encode("latin-1")) == b"***"


def test_what_is_too_short_to_be_told_apart_is_not_starred() -> None:
    stars = Stars([f"Basic {b64encode(b'alice:apple').decode()}"])
    assert stars.text("an apple for alice, alice:apple") == "an apple for alice, ***"
    assert Stars([f"whsec_{b64encode(b'in').decode()}"]).text("within, 696e") == "within, 696e"


@pytest.mark.parametrize("secret", ["whsec_not base64!", "Basic alice:passw0rd", "Basic =", "whsec_=", "Basic YQ==="])
def test_of_what_is_no_base64_nothing_can_be_read_out(secret: str) -> None:
    assert Stars([secret]).text("passw0rd and a lot of text") == "passw0rd and a lot of text"


def test_a_key_in_hex_that_is_cut_off_at_the_end_is_starred_as_far_as_it_is_there() -> None:
    stars = Stars([f"whsec_{KEY}"])
    assert stars.text("x" * 1014 + RAW.hex()[:10]) == "x" * 1014 + "***"
    assert stars.data(b"x" * 16_374 + RAW[:10]) == b"x" * 16_374 + b"***"


def test_of_what_begins_like_a_secret_and_goes_on_otherwise_the_end_alone_is_starred() -> None:
    stars = Stars(["s3cret-of-the-shop"])
    assert stars.text("x" * 1016 + "s3cretxs3cret-o") == "x" * 1016 + "s3cretx***"


@pytest.mark.parametrize(
    "told",
    [
        r"Bearer AbC\u002BdEf/ghi\u0026jkl=mno\u003C9\u003E\u0022\u00E9",  # System.Text.Json
        r"Bearer AbC+dEf/ghi\u0026jkl=mno\u003c9\u003e\"é",  # Go
        r"Bearer AbC+dEf/ghi\u0026jkl=mno\u003c9\u003e\"\u00e9",
        r"Bearer AbC+dEf\/ghi&jkl=mno<9>\"\u00e9",  # PHP
        r"Bearer AbC+dEf/ghi&jkl=mno<9>\"é",
    ],
)
def test_a_secret_is_starred_whatever_a_program_escapes(told: str) -> None:
    stars = Stars(['Bearer AbC+dEf/ghi&jkl=mno<9>"é'])
    assert stars.text(f'{{"x":"{told}"}}') == '{"x":"Bearer ***"}'
    assert stars.data(told.encode()) == b"Bearer ***"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_is_read_out_of_a_secret_is_starred_as_programs_write_it_in_json(ascii_only: bool) -> None:
    password = 'pä"ss/word'
    stars = Stars(["Basic " + b64encode(f"alice:{password}".encode()).decode()])
    told = json.dumps({"x": password}, ensure_ascii=ascii_only)
    assert stars.text(told) == '{"x": "***"}'
    assert stars.data(told.replace("/", "\\/").encode()) == b'{"x": "***"}'
