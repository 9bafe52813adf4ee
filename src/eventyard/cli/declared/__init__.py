"""What a hub is to have set up, declared in files: ``eventyard apply`` and ``eventyard export``.

``documents.py`` reads files, ``kinds.py`` knows what can be declared, ``state.py`` shows what a hub has in the same
words, ``plan.py`` compares the two and ``carry.py`` does what is planned. The hub's API is all that is used.
"""
