"""Clientele's DAGs, of the set that clientele/current.json names: Airflow's only file of ours in the DAGs folder.

tools/cicd/deploy.py puts it there. A set is one zip under a name of its own, which never changes. The folder reaches schedulers and
workers file by file: where the named set has not arrived, or not whole, the one before it is still current here.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

# Airflow reads only files that have the words "airflow" and "dag" in them.
HOME = Path(__file__).resolve().parent / "clientele"
SETS = HOME / "sets"


def in_force() -> tuple[str, Path]:
    """The name and the file of the first set of the list that is here whole."""
    wanted = json.loads((HOME / "current.json").read_text())["sets"]
    for one in wanted:
        path = SETS / f"{one['name']}.zip"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]:
            return one["name"], path
    raise ImportError(f"{HOME}: none of the sets {[s['name'] for s in wanted]} is here whole; deploy one again")


def modules(path: Path) -> list[str]:
    """The set's DAG files."""
    with zipfile.ZipFile(path) as z:
        return sorted(n.removesuffix(".py") for n in z.namelist() if n.endswith(".py") and "/" not in n)


def load(path: Path) -> dict[str, Any]:
    """Imports the set's DAG files and returns their DAGs. What another set has left in this process is forgotten."""
    files = modules(path)
    for name in list(sys.modules):
        if name in files or name.partition(".")[0] == "clientele":
            del sys.modules[name]
    sys.path[:] = [str(path), *(p for p in sys.path if Path(p).parent != SETS)]
    importlib.invalidate_caches()
    loaded = [value for name in files for value in vars(importlib.import_module(name)).values()]
    return {dag.dag_id: dag for dag in loaded if hasattr(dag, "task_dict")}


_name, _path = in_force()
for _id, _dag in load(_path).items():
    _dag.tags = type(_dag.tags)([*_dag.tags, f"set:{_name}"])  # so that a person, and the smoke run, see which set it is
    globals()[_id] = _dag
