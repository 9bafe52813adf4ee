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
