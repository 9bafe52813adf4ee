"""``/auth``: who may come in. Tokens, users and clients, and the roles, resources and permissions they hold.

All of it is told from the records of ``model/identity.py`` and changed by the verbs of ``pipeline/identity/``; a
*subject* is a user or a client, an *application* of permissions a realm. None of them belongs to the dialect's project:
they are the organization's.
"""
