"""Routing-key patterns: dot-separated words, where ``*`` stands for one word and ``#`` for any number, also none.

The language of AMQP 0-9-1 topic exchanges (section 3.1.3.3), described for users in ``docs/filters.md``. A pattern here
answers for one subscription; ``trie.py`` answers for thousands of them at once, and both agree on every key.
"""

from eventyard.model.errors import Invalid

MAX_BYTES = 255
"""A routing key of AMQP is a short string; a longer pattern could not be bound there."""

MAX_WORDS = 64

ONE, MANY = "*", "#"

_HINT = "write words with dots between them, like order.created, order.* or *.eu.#"


class Pattern:
    """A compiled pattern. ``words`` is its normal form: patterns of the same words match the same keys.

    The pattern is a row of states, one bit each: in state ``i`` its first ``i`` words are used up. A word of the key
    moves every state that accepts it one further and leaves standing those before a ``#``. All states move in one
    operation on an integer, so a key costs its own length and no more, however many ``#`` there are.
    """

    __slots__ = ("_any", "_end", "_literal", "_loops", "_start", "text", "words")

    def __init__(self, text: str, words: tuple[str, ...]) -> None:
        self.text = text
        self.words = words
        self._any = sum(1 << i for i, word in enumerate(words) if word == ONE)
        self._loops = sum(1 << i for i, word in enumerate(words) if word == MANY)
        self._literal: dict[str, int] = {}
        for i, word in enumerate(words):
            if word not in (ONE, MANY):
                self._literal[word] = self._literal.get(word, self._any) | 1 << i
        self._start = 1 | (1 & self._loops) << 1
        self._end = 1 << len(words)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def matches(self, key: str) -> bool:
        """Whether the routing key fits. Words are compared exactly, upper and lower case differ."""
        states, loops = self._start, self._loops
        for word in split_key(key):
            states = (states & self._literal.get(word, self._any)) << 1 | states & loops
            states |= (states & loops) << 1
        return bool(states & self._end)


def split_key(key: str) -> list[str]:
    """The words of a routing key. The empty key has none; between two dots in a row lies an empty word."""
    return key.split(".") if key else []


def compile_pattern(text: str, *, at: str = "") -> Pattern:
    """Compile a pattern. Raises :class:`Invalid` (``invalid_pattern``) with ``at`` as its pointer."""

    def refuse(message: str, hint: str = _HINT) -> Invalid:
        return Invalid("invalid_pattern", message, pointer=at, hint=hint)

    if not isinstance(text, str):
        raise refuse(f"a pattern is a string, not {type(text).__name__}")
    if not text:
        raise refuse("the pattern is empty", "leave the pattern out (null) to take every routing key")
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refuse(f"the pattern is longer than {MAX_BYTES} bytes")
    words: list[str] = []
    given = text.split(".")
    if len(given) > MAX_WORDS:
        raise refuse(f"the pattern has {len(given)} words, and {MAX_WORDS} are the most")
    for place, word in enumerate(given, start=1):
        if not word:
            raise refuse(f"word {place} of {text!r} is empty")
        if len(word) > 1 and (ONE in word or MANY in word):
            raise refuse(f"word {place} of {text!r} is {word!r}, but * and # stand for whole words only")
        if not (word == MANY and words[-1:] == [MANY]):
            words.append(word)
    return Pattern(text, tuple(words))
