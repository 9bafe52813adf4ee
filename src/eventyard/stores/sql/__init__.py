"""The journal and the catalog in an SQL database; SQLite, embedded, is the default.

One thread writes (``writer.py``), taking everything that waits into one transaction; readers are functions of a
connection (``search.py``, ``reading.py``, ``stream.py``) run in a few threads beside it. Begin with ``tables.py`` for
what is kept, then ``store.py`` for how the pieces are put together.
"""
