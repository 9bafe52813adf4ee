"""Ways to deliver: ``webhook.py``, ``request.py`` and ``job.py`` are a target type each; the rest is around them."""
