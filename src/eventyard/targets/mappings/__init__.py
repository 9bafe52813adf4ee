"""Mappings, evaluated outside of the hub's process: ``pool.py`` is what others use, ``worker.py`` what runs there."""
