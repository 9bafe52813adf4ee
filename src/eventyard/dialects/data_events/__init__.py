"""Data events: the AsyncAPI 3.0 document of this hub, and a viewer for it that needs no network.

The streams themselves are in ``gateways/``; here it is said what comes out of them. ``seed.py`` holds what was asked
for, word by word; ``payloads.py`` what the messages look like; ``topics.py`` and ``schemas.py`` what a project adds;
``document.py`` puts it together and ``router.py`` serves it.
"""
