"""The schema's history. Each version is one file in ``versions/`` and is never changed once released.

:data:`REVISIONS` names them in order, so that a store can tell an older file from a newer one without the migration
machinery; a test compares it with the files.
"""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
"""All revisions, oldest first."""

HEAD = REVISIONS[-1]
"""The revision that ``stores/sql/tables.py`` describes."""
