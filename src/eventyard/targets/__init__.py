"""Ways to deliver; one file is one target type. Around ``webhook.py`` stands the HTTP client it sends with."""
