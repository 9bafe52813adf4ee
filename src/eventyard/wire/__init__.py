"""Bytes <-> objects: CloudEvents and signatures. No socket, no clock, no logging."""
