"""A deployed set, as tools/cicd/deploy.py lays it: one loader, one small file that names the set, sets that never change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import wiring
from clientele.config import RESOURCES
from clientele.contract import CONTRACT
from conftest import DAGS

TOOLS = DAGS.parent / "tools" / "cicd"

# What a fresh Airflow finds in the folder, what a worker finds when it starts a task, and whose modules those are.
LOOK = """
import json, os, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
def look():
    bag = DagBag(sys.argv[1])
    if bag.import_errors:
        return {"errors": list(bag.import_errors.values())}
    import clientele
    drift = bag.dags["clientele_drift"]
    again = DagBag(drift.fileloc).dags["clientele_drift"]
    return {
        "dags": sorted(bag.dags),
        "tasks": sorted(t.task_id for t in again.tasks),
        "file": os.path.basename(drift.fileloc),
        "image": clientele.config.Deployment.from_env().image("drift"),
        "set": clientele.__file__.partition("/sets/")[2].partition(".zip")[0],
        "tags": sorted(t for t in drift.tags if t.startswith("set:")),
    }
seen = [look()]
for path, data in json.loads(sys.argv[2]):
    open(path, "w").write(data)
    seen.append(look())
print(json.dumps(seen))
"""


def deploy(*words: str) -> str:
    done = subprocess.run([sys.executable, str(TOOLS / "deploy.py"), *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def images(folder, letter: str):
    """images.json of this version, with made-up digests."""
    path = folder / f"images-{letter}.json"
    path.write_text(json.dumps({"version": CONTRACT["version"], **dict.fromkeys(RESOURCES, "sha256:" + letter * 64)}))
    return path


def test_every_file_of_it_finds_its_way(tmp_path):
    """Of two deployed sets Airflow has the newer; while that has not arrived whole, the older; without any, an import error."""
    folder = tmp_path / "dags"
    names = []
    for letter in "ab":
        path = deploy("build", "--images", str(images(tmp_path, letter)), "--out", str(tmp_path / letter))
        deploy("deploy", "--to", str(folder), "--set", path, "--yes")
        names.append(path.rpartition("/")[2].removesuffix(".zip"))
    sets = folder / "clientele" / "sets"
    spoil = [(str(sets / f"{names[1]}.zip"), "half of it"), (str(sets / f"{names[0]}.zip"), "and of this one too")]
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CLIENTELE_IMAGES")}
    env |= {"AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
    words = [sys.executable, "-c", LOOK, str(folder), json.dumps(spoil)]
    done = subprocess.run(words, env=env, cwd="/", capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    new, old, none = json.loads(done.stdout.strip().splitlines()[-1])
    for seen, letter, name in ((new, "b", names[1]), (old, "a", names[0])):
        assert seen == {
            "dags": list(wiring.IDS),
            "tasks": sorted(t.task_id for t in wiring.dags()["clientele_drift"].tasks),
            "file": "clientele_dags.py",
            "image": "registry.example/clientele/drift@sha256:" + letter * 64,
            "set": name,
            "tags": [f"set:{name}"],
        }
    assert len(none["errors"]) == 1 and "deploy one again" in none["errors"][0]


def test_it_has_every_file_of_the_dags(tmp_path):
    """A module or file that a DAG reads and a set leaves out would be missed in production first."""
    path = deploy("build", "--images", str(images(tmp_path, "a")), "--out", str(tmp_path))
    with zipfile.ZipFile(path) as z:
        packed = set(z.namelist()) - {"clientele/set.json", "clientele/images.json"}
    files = {str(p.relative_to(DAGS)) for p in (*DAGS.glob("*.py"), *(DAGS / "clientele").iterdir()) if p.is_file()}
    assert packed == files - {"clientele/images.json"}
