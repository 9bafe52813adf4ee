"""Monitoring rules: whom to tell, and what to do, when entries end or are stuck. Begin with ``monitor.py``."""
