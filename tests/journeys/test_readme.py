"""The README's commands are run; what it says of them is looked at."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.application import ADMIN, PASSWORD, ROOT, Application

README = (ROOT / "README.md").read_text()


def block(name: str) -> list[str]:
    """The commands below `<!-- run: name -->`."""
    found = re.search(rf"<!-- run: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block {name}"
    return found[1].splitlines()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """`make up ARGS="--demo"`."""
    application = Application(
        tmp_path_factory.mktemp("readme") / "var", words=["--demo", "--admin", f"{ADMIN}:{PASSWORD}"]
    )
    application.start(within_s=300)
    yield application
    application.stop()


def run(line: str, demo: Application, folder: Path) -> str:
    """One line, as somebody types it in the clone; files go to a folder of the test's own."""
    words = line.replace(".venv/bin/python manage.py", f"{ROOT}/.venv/bin/python {ROOT}/manage.py")
    environment = {**demo.environment, "EXACT_VAR": str(demo.var)}
    done = subprocess.run(words, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_second_demonstration_does_what_it_says(demo, tmp_path):
    first, again, sums = block("replay")
    run(first, demo, tmp_path)
    from tests.journeys.desk import Office

    ada = Office(demo, ADMIN, PASSWORD)
    drawn = ada.get("api/v1/annotations/annotations/", limit=1)["results"][0]
    ada.command("RemoveAnnotation", annotation_id=drawn["uuid"])
    run(again, demo, tmp_path)
    monday, friday = run(sums, demo, tmp_path).splitlines()
    assert monday.split()[0] == friday.split()[0]
    assert len((tmp_path / "monday.zip").read_bytes()) > 10_000


def test_every_file_the_readme_links_to_exists():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    missing = [link for link in links if not (ROOT / link).exists()]
    assert links
    assert not missing
