"""Every file of data/malformed through the running application, by its tiles and by upload: the web lives on."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.application import ADMIN, LEFT_OUT, PASSWORD, ROOT, Application
from tests.journeys.desk import Office
from tests.samples import picture, real, real_files

pytestmark = pytest.mark.samples
ANSWER_WITHIN_S = 15.0
ADDRESSES = ("images/image/{}/1/0/tile/", "images/image/{}/1/0/tile_files/8/0_0.jpeg", "tiles/{}/info.json")


def web_process(server: Application) -> int:
    """The daphne of this server."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == [b"-m", b"daphne"] and str(server.port).encode() in words:
            return int(folder.name)
    raise AssertionError("no web process")


def registered(server: Application, image_set: int, files: list[Path]) -> dict[int, str]:
    """Numbers and names of images whose content nobody has looked into."""
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environment |= {"EXACT_VAR": str(server.var), "DJANGO_SETTINGS_MODULE": "exact.settings"}
    words = [sys.executable, "-m", "tests.tiles.registering", str(image_set), *map(str, files)]
    said = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return {int(number): name for number, _, name in (line.partition(" ") for line in said.stdout.splitlines())}


@pytest.mark.skipif(not real_files("malformed"), reason="no real samples: set EXACT_SAMPLES")
def test_no_file_takes_the_web_process_with_it(server: Application, tmp_path: Path) -> None:
    before, office = web_process(server), Office(server, ADMIN, PASSWORD)
    team = office.team("malformed")
    image_set = office.image_set(team, "hostile")
    files = [real(name) for name in real_files("malformed")]
    good = office.upload(image_set, picture(tmp_path / "good.png", (300, 200)))

    def asked(path: str) -> tuple[str, int, float]:
        began = time.monotonic()
        answer = requests.get(f"{server.url}{path}", auth=(ADMIN, PASSWORD), timeout=60)
        return path, answer.status_code, time.monotonic() - began

    hostile = registered(server, image_set["number"], files)
    assert len(hostile) > 40
    with ThreadPoolExecutor(4) as askers:
        answers = list(askers.map(asked, (address.format(number) for number in hostile for address in ADDRESSES)))
    assert [told for told in answers if told[1] not in (200, 404, 422, 503) or told[2] > ANSWER_WITHIN_S] == []
    opened = [("files", (path.name or "x", path.read_bytes())) for path in files]
    sent = requests.post(
        f"{server.url}api/v1/images/images/", files=opened, auth=(ADMIN, PASSWORD), timeout=600,
        data={"image_set": image_set["number"]},
    )  # fmt: skip
    assert sent.status_code < 500
    assert asked(ADDRESSES[1].format(good["id"]))[1] == 200
    assert web_process(server) == before
