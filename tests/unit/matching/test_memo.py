from eventyard.matching import memo as module
from eventyard.matching.memo import Memo


def test_what_was_learnt_is_known_until_it_is_unlearnt():
    memo: Memo[str] = Memo()
    memo.learn("x", "a", ("q1",))
    memo.learn("x", "b", ())
    memo.learn("y", "a", ("q2",))
    assert memo.answers == {"x": {"a": ("q1",), "b": ()}, "y": {"a": ("q2",)}}

    memo.unlearn(["x", "z"], "a")
    assert memo.answers == {"x": {"b": ()}, "y": {"a": ("q2",)}}

    memo.unlearn(["x", "z"], None)
    assert memo.answers == {"y": {"a": ("q2",)}}


def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MEMO_KEYS", 10)
    memo: Memo[int] = Memo()

    for i in range(35):
        memo.learn(f"x{i % 3}", str(i), ())
        assert memo.answers[f"x{i % 3}"][str(i)] == ()
        assert sum(map(len, memo.answers.values())) <= 10


def test_an_answer_of_many_queues_takes_the_place_of_several(monkeypatch):
    monkeypatch.setattr(module, "MEMO_KEYS", 10)
    memo: Memo[int] = Memo()
    for i in range(5):
        memo.learn("x", str(i), tuple(range(64)))

    assert list(memo.answers["x"]) == ["4"]


def test_an_answer_beyond_the_bound_is_all_that_is_remembered(monkeypatch):
    monkeypatch.setattr(module, "MEMO_KEYS", 10)
    memo: Memo[int] = Memo()
    for key in ("a", "b"):
        memo.learn("x", key, tuple(range(1000)))

    assert list(memo.answers["x"]) == ["b"]


def test_a_key_longer_than_any_of_amqp_is_not_remembered():
    memo: Memo[str] = Memo()
    memo.learn("x", "a" * 256, ())
    memo.learn("x", "a" * 255, ())

    assert memo.answers == {"x": {"a" * 255: ()}}
