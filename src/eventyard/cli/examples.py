"""The examples that end every ``--help``."""


def examples(*lines: str) -> str:
    """An epilog: one example a line on a terminal, and a code block in the page that is made from the same help."""
    return "\n\n".join(["Examples:", *(f"    $ {line}" for line in lines)])
