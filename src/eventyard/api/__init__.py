"""The native REST API under /v1, the ingest hot path, problems, security, health."""
