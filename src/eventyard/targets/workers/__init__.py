"""Processes that do for the hub what could keep it waiting, or take its memory: ``pool.py`` is what others use."""
