"""Informatica's DIH and CIH over the hub's one journal: two profiles of one surface.

``router.py`` puts it together; ``profiles.py`` says in what the two differ, and nothing else does. What is the same,
resolved or extended is told in docs/coming-from-dih.md and docs/coming-from-cih.md.
"""
