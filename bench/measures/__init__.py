"""One file per question. Each measures with processes of its own in a folder of its own, and returns rows."""
