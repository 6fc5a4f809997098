"""Whole runs of a DAG by dag.test(): started, cleared and gone on with, in this process or in one of their own.

As a program it is told runs as JSON, says when it is ready for one, and waits for a line before it begins: so that two
processes begin at once. See Racer.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

DAGS = Path(__file__).resolve().parents[2]

# Before Airflow is imported. Its database is made by the fixture `database`.
os.environ |= {
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    "NO_PROXY": "127.0.0.1",
}


@dataclass(frozen=True)
class Outcome:
    """How a run ended: by task id without its group, the state and the try that it ended in (0: never started)."""

    run_id: str
    state: str
    tasks: dict[str, tuple[str, int]]
    results: dict[str, Any]  # the tasks' XComs


def load(dag_id: str) -> Any:
    """The DAG of that file, parsed in the environment as it is now."""
    return runpy.run_path(str(DAGS / f"{dag_id}.py"))["dag"]


def run(dag: Any, conf: dict[str, Any], moment: datetime | None = None) -> Outcome:
    """One manual run. The moment names it; two runs of one moment are the same run."""
    from clientele.compat import AIRFLOW_MAJOR

    if AIRFLOW_MAJOR == 2:
        dag.sync_to_db()  # as the scheduler does; without it nobody knows the datasets that tasks update
    moment = moment or datetime.now(UTC)
    when = {"logical_date": moment, "run_after": moment} if AIRFLOW_MAJOR >= 3 else {"execution_date": moment}
    with mock.patch("time.sleep", _briefly):
        return _outcome(dag.test(**when, run_conf=conf))


def _briefly(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Sleeps no longer than a twentieth of a second: dag.test() waits a whole one before it looks again."""
    sleep(min(seconds, 0.05))


def clear(dag: Any, run_id: str, tasks: Iterable[str] = ()) -> Outcome:
    """What Clear in the UI does to these tasks, or to all, and then the rest of the run.

    dag.test() can only begin a run, and deletes one of the same moment: both are kept from it here.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import clear_task_instances
    from airflow.utils.session import create_session

    from clientele.compat import AIRFLOW_MAJOR

    tasks = set(tasks)
    with create_session() as session:
        found = session.query(DagRun).filter_by(dag_id=dag.dag_id, run_id=run_id).one()
        moment = found.logical_date
        tis = [ti for ti in found.get_task_instances(session=session) if not tasks or short(ti.task_id) in tasks]
        clear_task_instances(tis, session, dag_run_state="running", **({} if AIRFLOW_MAJOR >= 3 else {"dag": dag}))

    def existing(*, dag: Any, session: Any, **_: Any) -> DagRun:
        again = session.query(DagRun).filter_by(dag_id=dag.dag_id, run_id=run_id).one()
        again.dag = dag
        return again

    if AIRFLOW_MAJOR >= 3:
        from airflow.serialization.definitions.dag import SerializedDAG

        begin = mock.patch("airflow.models.dagrun.get_or_create_dagrun", existing)
        wipe = mock.patch.object(SerializedDAG, "clear_dags")
    else:
        begin = mock.patch("airflow.models.dag._get_or_create_dagrun", existing)
        wipe = mock.patch.object(type(dag), "clear")
    with begin, wipe:
        return run(dag, {}, moment)


def short(task_id: str) -> str:
    """A task's id without its group."""
    return task_id.rpartition(".")[2]


def _outcome(dag_run: Any) -> Outcome:
    tis = {short(ti.task_id): ti for ti in dag_run.get_task_instances()}
    return Outcome(
        run_id=dag_run.run_id,
        state=_text(dag_run.state),
        tasks={task: (_text(ti.state), ti.try_number) for task, ti in tis.items()},
        results={task: ti.xcom_pull(task_ids=ti.task_id) for task, ti in tis.items()},
    )


def _text(state: Any) -> str:
    return str(getattr(state, "value", state))


class Racer:
    """Runs in a process with an Airflow of its own: with two, what two schedulers that know nothing of each other do."""

    def __init__(self, home: Path, database: Path):
        shutil.copy(database, home / "airflow.db")
        answers, theirs = os.pipe()
        self.log = home / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs)],
                env=os.environ | {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(DAGS)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[theirs],
                text=True,
            )
        os.close(theirs)
        self.answers = os.fdopen(answers)

    def prepare(self, env: dict[str, str], dag_id: str, conf: dict[str, Any], moment: datetime) -> None:
        """Tells it a run, which it parses the DAG for."""
        self._tell({"env": env, "dag_id": dag_id, "conf": conf, "moment": moment.isoformat()})

    def ready(self) -> None:
        """Waits until it could begin."""
        assert self._answer() == "ready", self.log.read_text()

    def go(self) -> None:
        self._tell("go")

    def outcome(self) -> Outcome:
        """Waits for the end of the run."""
        told = self._answer()
        return Outcome(**{**told, "tasks": {task: tuple(end) for task, end in told["tasks"].items()}})

    def close(self) -> None:
        """Ends the process: nothing that it has is needed any more."""
        self.process.kill()
        self.process.communicate()
        self.answers.close()

    def _tell(self, what: Any) -> None:
        print(json.dumps(what), file=self.process.stdin, flush=True)

    def _answer(self) -> Any:
        """The next answer. The end of the process without one is an error."""
        line = self.answers.readline()
        assert line, self.log.read_text()
        return json.loads(line)


def main(answers: int) -> None:
    """The other end of a Racer: for every run that it is told, says ready, waits for a line, runs, and says how it ended."""
    with os.fdopen(answers, "w") as told:
        for line in sys.stdin:
            spec = json.loads(line)
            os.environ.update(spec["env"])
            dag = load(spec["dag_id"])
            print(json.dumps("ready"), file=told, flush=True)
            if not sys.stdin.readline():
                return
            outcome = run(dag, spec["conf"], datetime.fromisoformat(spec["moment"]))
            print(json.dumps(asdict(outcome)), file=told, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
