"""The smoke run where a folder and one Airflow replace Composer: what make demo-cicd deploys to.

It brings the DAGs folder (CLIENTELE_DAGS) here, as Composer brings it to a scheduler, and looks, as a scheduler does, whether all DAGs
are of the set CLIENTELE_SET; then it runs clientele_segmentation with the programs of CLIENTELE_BIN on CLIENTELE_SOURCE.

Run by the Python of an Airflow 3, with AIRFLOW_HOME, and in AIRFLOW__CORE__DAGS_FOLDER the folder that the DAGs are brought to.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import deploy
from stores import store


def synchronise(url: str, folder: Path) -> None:
    """Copies the DAGs folder, file by file."""
    where = store(url)
    for name in (*where.names(deploy.SETS), deploy.IGNORE, deploy.CURRENT, deploy.LOADER):
        data, _ = where.read(name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data or b"")


def main() -> int:
    """Exit code 0 if the set works here."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    synchronise(os.environ["CLIENTELE_DAGS"], folder)
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(folder))
    for error in bag.import_errors.values():
        print("smoke: import error:", error.strip().splitlines()[-1])
    of_the_set = sorted(d.dag_id for d in bag.dags.values() if f"set:{os.environ['CLIENTELE_SET']}" in d.tags)
    print("smoke: DAGs of the set:", ", ".join(of_the_set) or "none")
    if bag.import_errors or not of_the_set or len(of_the_set) < len(bag.dags):
        return 1
    moment = datetime.now(UTC)
    run = bag.dags["clientele_segmentation"].test(logical_date=moment, run_after=moment)
    for ti in sorted(run.get_task_instances(), key=lambda ti: str(ti.end_date)):
        print(f"smoke: {ti.task_id}: {getattr(ti.state, 'value', ti.state)}")
    state = getattr(run.state, "value", run.state)
    print(f"smoke: the run of clientele_segmentation: {state}")
    return 0 if state == "success" else 1


if __name__ == "__main__":
    sys.stdout.flush()
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Airflow's threads may not end by themselves
