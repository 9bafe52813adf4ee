"""The words of the hub: immutable records, enums, the lifecycle table, and policies that return decisions.

Nothing here does I/O or asks the time; a moment is an argument, in milliseconds since the Unix epoch (UTC).
The words are explained one by one in ``docs/glossary.md``.
"""
