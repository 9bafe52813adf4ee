"""JSON Pointers (RFC 6901): how an error says which part of a document is wrong."""


def pointer(base: str, *tokens: str | int) -> str:
    """The pointer from ``base`` on through ``tokens``: ``pointer("/filter", "eq", 0)`` is ``/filter/eq/0``.

    ``""`` as base is the whole document. In tokens ``~`` becomes ``~0``, and ``/`` ``~1``.
    """
    return base + "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in tokens)
