"""A process with a pool that is killed while a child reads; it says first which process the child is."""

import os
import signal
import sys
import time
from pathlib import Path

from exact.tiles.slide_cache import Original
from tests.tiles.pool.test_pool import TILE, Hall, pool_of

hall = Hall(Path(sys.argv[1]))
service = hall.service(1)
file = Original("bad", hall.folder / "bad.png")
service.tile.in_pool(file, TILE)
while not hall.opened(file):
    time.sleep(0.01)
print(pool_of(service).children[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
