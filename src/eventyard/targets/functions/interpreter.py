"""Runs one function body in a JavaScript interpreter that has seen nothing before, and sees nothing after.

Runs in a worker process and only there (``worker.py``). The interpreter is the language and nothing else: it has no
files, no network, no timers and no modules, so nothing here needs to take them away.
"""

import json
import re
from time import process_time
from typing import Any

# Of the package ``quickjs-ng``. Its front, ``quickjs``, starts a thread when it is imported.
from _quickjs import Context, JSException  # type: ignore[import-not-found]  # it brings no stubs

from eventyard.targets.functions.frames import Failure

STACK_BYTES = 512 << 10

_PLACE = re.compile(r"<input>:(\d{1,9}):(\d{1,9})")
_FIRST_LINE = 3  # of a body in what ``Function`` compiles; whatever stands before is ours

# One line, so that a place on a later one is the body's. What it uses is taken at its start: a body may change all of
# it, for itself. An answer is the JSON of the result, or a JSON string that holds the JSON of a message and a stack: it
# comes as ``stringify`` made it, for the binding cannot take strings that were joined.
_RUN = re.sub(
    r"\n\s*",
    " ",
    """
(() => {
  "use strict";
  const { parse, stringify } = JSON, make = Function, text = String, quiet = () => {};
  globalThis.console = { debug: quiet, error: quiet, info: quiet, log: quiet, trace: quiet, warn: quiet };
  let answer = false;
  const fail = (message, stack) => {
    answer = stringify(stringify([message.slice(0, 4000), stack.slice(0, 4000)]));
  };
  const run = async (source, context, most) => {
    try {
      const body = make("eventContext", source);
      if (context === null) {
        answer = "";
        return;
      }
      const value = await body(parse(context));
      const isObject = value !== null && typeof value === "object";
      const json = isObject ? stringify(value) : undefined;
      if (json === undefined || (json[0] !== "{" && json[0] !== "[")) {
        const what = value === null ? "null" : isObject ? "an object that is none in JSON" : typeof value;
        fail("it must return an object or an array, and returned " + what, "");
      } else if (json.length > most) {
        fail("it returned more than " + most + " bytes", "");
      } else {
        answer = json;
      }
    } catch (error) {
      fail("it threw what cannot be told", "");
      const isObject = error !== null && typeof error === "object";
      const isError = isObject && "stack" in error;
      if (error === null) fail("it threw null, which is also what running out of memory can come to", "");
      else fail(isObject && !isError ? stringify(error) : text(error), isError ? text(error.stack) : "");
    }
  };
  return (source, context, most) => {
    if (source !== undefined) run(source, context, most);
    return answer;
  };
})()
""".strip(),
)


class Interpreter:
    """A fresh interpreter, for one function. Making it takes longer than most functions do: have it ready before."""

    def __init__(self, memory_bytes: int, result_bytes: int) -> None:
        self._result_bytes = result_bytes
        self._context: Any = Context()
        self._context.set_memory_limit(memory_bytes)
        self._context.set_max_stack_size(STACK_BYTES)
        self._step = self._context.eval(_RUN)

    def run(self, source: str, context: bytes | None, timeout_ms: int) -> bytes:
        """The JSON of what the function returns for the JSON of its ``eventContext``; without a context it is only
        compiled, and the answer is empty. A promise is waited for while there is something left to do.

        Raises :class:`Failure`. Time is the processor's; a function can stay away longer than it has, in those built-in
        loops that never look at the clock, and whoever asked for it has to end the process then.
        """
        began, seconds = process_time(), timeout_ms / 1000
        try:
            self._context.set_time_limit(seconds)
            answer = self._step(source, context if context is None else context.decode(), self._result_bytes)
            while answer is False and self._context.execute_pending_job():
                self._context.set_time_limit(max(0.0, seconds - (process_time() - began)))
                answer = self._step()
        except (JSException, MemoryError) as error:
            self._in_time(began, timeout_ms)
            raise Failure("it used up its memory" if _is_memory(error) else str(error).partition("\n")[0]) from None
        self._in_time(began, timeout_ms)
        return self._told(answer)

    def _in_time(self, began: float, timeout_ms: int) -> None:
        if (process_time() - began) * 1000 >= timeout_ms:
            raise Failure(f"it ran longer than {timeout_ms} ms") from None

    def _told(self, answer: str | bool | None) -> bytes:
        if answer is None:
            raise Failure("it used up its memory")
        if isinstance(answer, bool):
            raise Failure("the promise it returned is never kept")
        if answer.startswith('"'):
            message, stack = _failed(answer)
            for line, column in _PLACE.findall(stack):
                if int(line) >= _FIRST_LINE:
                    raise Failure(message, int(line) - _FIRST_LINE + 1, int(column))
            raise Failure(message)
        result = answer.encode()
        if len(result) > self._result_bytes:
            raise Failure(f"it returned more than {self._result_bytes} bytes")
        return result


def _failed(answer: str) -> tuple[str, str]:
    try:
        message, stack = json.loads(json.loads(answer))
        return str(message), str(stack)
    except (ValueError, TypeError):  # what it made of ``toJSON`` for all strings is its own affair
        return "it threw what cannot be told", ""


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or str(error).startswith(("null", "InternalError: out of memory"))
