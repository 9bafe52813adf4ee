"""What request bodies have in common, with the widths of eventhos' columns as bounds.

As in the original a field that nobody asked for is no fault, and a number may come as text; but what is wrong is told,
field by field. A field that may be left out of a change is declared with :func:`unset`.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from eventyard.dialects.eventhos.answers import EventhosError, Fault
from eventyard.dialects.eventhos.identifiers import LONGEST_GIVEN
from eventyard.model.errors import HubError

_LINE = r"^[^\x00-\x1f\x7f]*$"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """The fields that the request named, by their names here."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unset(**settings: Any) -> Any:
    """The default of a field that may be left out; it has no value of its own, and its type need not allow ``null``."""
    return Field(default_factory=lambda: None, **settings)


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


def _or_none(value: Any) -> Any:
    return None if value == "" else value


Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_GIVEN, pattern=_LINE),
    Field(description="What its identifier begins with.", examples=["new_order_new"]),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=45, pattern=_LINE), Field(examples=["New order"])]
Operation = Annotated[
    str, BeforeValidator(_or_empty), StringConstraints(max_length=25, pattern=_LINE), Field(examples=["new"])
]
Description = Annotated[
    str,
    BeforeValidator(_or_empty),
    StringConstraints(max_length=255, pattern=_TEXT),
    Field(examples=["Somebody ordered something"]),
]
Number = Annotated[int, Field(ge=1, lt=2**63, examples=[1])]
"""The id of a record."""

NumberOrNone = Annotated[Number | None, BeforeValidator(_or_none)]
"""The id of a record, or none, which forms send as an empty text."""


def fault(field: str, message: str) -> EventhosError:
    """The refusal of a request for one of its fields."""
    return EventhosError(400, 400001, f"Invalid request; {field}: {message}", faults=[Fault(field, message)])


def said_of(error: HubError, fields: dict[str, str]) -> EventhosError | None:
    """What the pipeline refused, as said of the body's own field; ``fields`` are these by the pipeline's pointers.

    ``None`` for a refusal that is of none of them. Below a pointer the rest of it stands behind a dot.
    """
    pointer = error.pointer or ""
    for known, field in fields.items():
        if pointer == known or pointer.startswith(known + "/"):
            return fault(field + pointer[len(known) :].replace("/", "."), error.message)
    return None
