"""The native API, one file per noun. ``event_sources.py`` is the seed's; the others grow around it in its style."""
