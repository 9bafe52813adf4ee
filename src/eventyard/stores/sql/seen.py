"""What a caller with categories may see, as conditions on a series.

Numbers go to the database as one array, however many they are: a statement takes only so many parameters.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from eventyard.model.journal import Seen
from eventyard.stores.family import NO_TOPIC
from eventyard.stores.sql.tables import series


def is_seen(seen: Seen | None) -> list[ColumnElement[bool]]:
    """Conditions under which the entries of a series may be seen; none for who may see them all."""
    if seen is None:
        return []
    topicless = (series.c.topic == NO_TOPIC) & series.c.name.in_(_among(seen.names))
    return [
        series.c.application.in_(_among(seen.applications)),
        series.c.topic.in_(_among(seen.topics)) | topicless,
    ]


def _among(numbers: Sequence[int]) -> Select[Any]:
    return select(func.json_each(json.dumps(numbers)).table_valued("value").c.value)
