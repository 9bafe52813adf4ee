"""JavaScript function bodies, run outside of the hub's process: ``pool.py`` is what others use.

On the hub's side stand ``pool.py`` and ``process.py``, in the worker process ``worker.py``, ``confinement.py`` and
``interpreter.py``; ``frames.py`` is what both sides say. ADR 0018 says why it is built so.
"""
