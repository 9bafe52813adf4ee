"""JSON Schema 2020-12 of topics and sources: compiled once, checked for every event, safe against whoever wrote either.

The validator is jsonschema-rs. A schema is data that comes from outside, so what it could do is taken from it:

- nothing is ever fetched: a ``$ref`` out of the schema is refused, over the network and from files (``offline=True``
  beside the check in ``unfolding.py``);
- regular expressions run on the engine of linear time (``RegexOptions``), which has no look-around and no
  back-references and refuses patterns that grow too large;
- a schema whose references multiply is refused by ``unfolding.py``;
- saying where an event fails can cost far more than knowing that it does, because the validator keeps a copy of the
  value for each alternative it could not take. Past a bound the answer is that it fails, without the place.

What the hub does with the answer stands in ``pipeline/accept.py``.
"""

from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from eventyard.matching.pointer import pointer
from eventyard.matching.unfolding import Work, unfold
from eventyard.model.errors import Invalid

MAX_BYTES = 256 * 1024
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_REGEX_BYTES = 1024 * 1024
"""How large a compiled regular expression, and the cache it fills while it runs, may become."""

MAX_EXPLAINED = 100_000
"""How many JSON values may be copied to say where an event fails: about a tenth of a second."""

MAX_MESSAGE = 300


class Schema:
    """A compiled JSON Schema."""

    __slots__ = ("_is_valid", "_validator", "_work")

    def __init__(self, validator: Draft202012Validator, work: Work) -> None:
        self._validator = validator
        self._is_valid = validator.is_valid
        self._work = work

    def check(self, data: Any) -> None:
        """Raise :class:`Invalid` (``schema_mismatch``) unless the decoded JSON fits.

        The message names the first failing path and its keyword, and never repeats the value; the pointer leads to it
        from the root of the data.
        """
        try:
            if not self._is_valid(data):
                self._explain(data)
        except ValidationError as error:
            where = pointer("", *error.instance_path)
            raise _mismatch(where, f"{where or 'the data'}: {error.message} ({error.kind.name})") from None
        except ValueError as error:
            raise _mismatch("", f"the data cannot be checked: {error}") from None

    def _explain(self, data: Any) -> None:
        values, depth = _shape(data)
        if max(self._work.alternatives, 1) * max(self._work.returns, 1) ** depth * values > MAX_EXPLAINED:
            raise _mismatch("", "the data does not match the schema, and is too large to say where in reasonable time")
        self._validator.validate(data)


def compile_schema(schema: Any, *, at: str = "") -> Schema:
    """Compile a JSON Schema 2020-12, a decoded JSON value (an object, ``true`` or ``false``).

    Raises :class:`Invalid` (``invalid_schema``), its pointer leading from ``at``, the pointer of the schema itself, to
    the bad part.
    """
    if not isinstance(schema, dict | bool):
        raise _refuse(at, "a schema is an object, true or false", 'write {"type": "object"}')
    try:
        size = len(orjson.dumps(schema))
    except TypeError as error:
        raise _refuse(at, f"the schema is not JSON: {error}", "send the schema as JSON") from None
    if size > MAX_BYTES:
        raise _refuse(
            at, f"the schema is {size} bytes long, and {MAX_BYTES} are the most", "leave out what is not checked"
        )
    dialect = schema.get("$schema", DIALECT) if isinstance(schema, dict) else DIALECT
    if dialect not in (DIALECT, DIALECT + "#"):
        hint = f'bring it up to date, then write "$schema": "{DIALECT}", or leave $schema out'
        raise _refuse(
            pointer(at, "$schema"), "schemas are of JSON Schema 2020-12, and this names another dialect", hint
        )
    work = unfold(schema, at)
    regex = RegexOptions(size_limit=MAX_REGEX_BYTES, dfa_size_limit=MAX_REGEX_BYTES)
    try:
        return Schema(Draft202012Validator(schema, offline=True, pattern_options=regex, mask="the value"), work)
    except ValidationError as error:
        hint = (
            _REGEX_HINT
            if error.kind.name == "format"
            else "see the keyword's entry in the JSON Schema 2020-12 reference"
        )
        raise _refuse(pointer(at, *error.instance_path), _cut(error.message), hint) from None
    except ValueError as error:
        raise _refuse(at, f"the schema cannot be compiled: {error}", "nest it less deep") from None


_REGEX_HINT = "regular expressions run in linear time: no look-around, no back-references, no huge repetitions"


def _shape(data: Any) -> tuple[int, int]:
    """How many values a JSON value consists of, and how deep they are nested; a number is (1, 0)."""
    values, depth, layer = 1, 0, [data]
    while layer := [
        part
        for value in layer
        if isinstance(value, dict | list)
        for part in (value.values() if isinstance(value, dict) else value)
    ]:
        values += len(layer)
        depth += 1
    return values, depth


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


def _mismatch(where: str, message: str) -> Invalid:
    return Invalid("schema_mismatch", _cut(message), pointer=where)


def _refuse(where: str, message: str, hint: str) -> Invalid:
    return Invalid("invalid_schema", message, pointer=where, hint=hint)
