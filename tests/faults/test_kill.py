"""Law 11: killed at any commit and started again, a hub comes to the state of one that was not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.conftest import _database
from tests.faults.scenario import write
from tests.laws.world import state

NIGHTLY = os.environ.get("MDM_TEST_PROFILE") == "nightly"
SOME = 17
"""Of how many boundaries the ordinary profile takes one."""
GROWS = (
    "record",
    "record_version",
    "member",
    "golden",
    "golden_version",
    "outbox",
    "decision",
    "operation",
    "edge",
    "pending",
    "audit",
)


class Forker:
    """The process that forks for each run."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.scenario"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )  # fmt: skip

    def run(self, engine: Engine, files: Path, first: int, kill: int, when: str) -> dict[str, Any]:
        """One run, to its end or its death."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        url = engine.url.render_as_string(hide_password=False)
        asked = {"url": url, "home": str(files), "files": str(files), "first": first, "kill": kill, "when": when}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """It ends with its input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    made = Forker()
    yield made
    made.close()


def told(engine: Engine, files: Path) -> dict[str, Any]:
    """All that can be seen afterwards, ids and times apart."""
    with engine.connect() as db:
        counts = {name: db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in GROWS}
        events = db.execute(text("SELECT entity, event, count(*) FROM outbox GROUP BY 1, 2 ORDER BY 1, 2")).all()
        status = db.execute(text("SELECT DISTINCT status FROM load WHERE status <> 'done'")).all()
        return {**state(db), "counts": counts, "events": [tuple(row) for row in events], "loads": [tuple(row) for row in status],
                "export": sorted(line.split(",")[1] for line in (files / "members.csv").read_text().splitlines())}  # fmt: skip


def test_11_killed_at_any_commit_the_same_comes_of_it(server: str, template: str, worker_id: str, tmp_path: Path, forker: Forker) -> None:
    expected = None
    killed = 0
    for number in count(0):
        for when in ("before", "after") if number else ("never",):
            if number and not NIGHTLY and (2 * number + (when == "after")) % SOME:
                continue
            files = tmp_path / f"{number}{when}"
            write(files)
            with _database(server, f"kill_{worker_id}", template) as engine:
                done = forker.run(engine, files, 0, number, when)
                if number and done["status"] == 0:
                    assert killed
                    return
                if number:
                    assert done["status"] == -9
                    killed += 1
                    done = forker.run(engine, files, len(done["done"]), 0, "never")
                assert done["status"] == 0
                found = told(engine, files)
                expected = expected or found
                assert found == expected, (number, when)
