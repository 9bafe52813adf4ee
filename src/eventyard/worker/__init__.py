"""A small client for job workers: decorate a function, run.

    from eventyard.worker import Fail, Worker

    worker = Worker("http://127.0.0.1:8080", "ey_…")

    @worker.job("resize")
    async def resize(run):
        print(run.event["data"])

    worker.run()

It speaks the hub's HTTP surface and knows nothing else of the hub. The loop is in ``worker.py``, what is said over the
wire in ``hub.py``.
"""

from eventyard.worker.hub import Counts, Done, Fail, Run
from eventyard.worker.worker import Worker

__all__ = ["Counts", "Done", "Fail", "Run", "Worker"]
