"""The worker: does the long work that people ask for, one message a thread, `python -m workers.worker`.

dramatiq's own command line forks once for each core and takes 3 s to stop; one process is enough for one machine, and
more of them (compose: `--scale worker=3`) share the queue.
"""

import gc
import signal

from dramatiq import Worker

import workers.actors  # noqa: F401 - declares what can be done
from workers.broker import broker

THREADS = 4
POLL_MS = 200
STOP_MS = 2500
"""After that, what is being done is left in the queue for the next worker."""
TOLD = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    """Works until told to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)  # before the threads: they inherit it, and only we wait for them
    gc.freeze()  # what the program itself is made of never dies: the collector need not walk over it again and again
    worker = Worker(broker, worker_threads=THREADS, worker_timeout=POLL_MS)
    worker.start()
    signal.sigwait(TOLD)
    worker.stop(timeout=STOP_MS)
    broker.close()


if __name__ == "__main__":
    main()
