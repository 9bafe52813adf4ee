"""Deliveries that wait for their subscription, and how they are let go. Begin with ``backlogs.py``."""
