"""Eventyard: a self-hosted event integration hub.

Start reading at ``model/`` (the words), then ``ports.py`` (what the hub needs from the world), then ``pipeline/``
(what the hub does, one file per verb). ``app.py`` puts the pieces together, ``server.py`` runs them. See
``docs/architecture.md``.
"""

__version__ = "0.1.0"
