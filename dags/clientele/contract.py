"""The wiring as the binaries print it (`make contract` writes contract.json): steps, flags, exit codes."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

CONTRACT: dict[str, Any] = json.loads((files("clientele") / "contract.json").read_text())

STEPS: dict[str, dict[str, Any]] = {s["name"]: s for s in CONTRACT["steps"]}
EXIT_CODES: dict[int, dict[str, Any]] = {c["code"]: c for c in CONTRACT["exit_codes"]}
FLAGS: dict[str, dict[str, dict[str, Any]]] = {t["task"]: {f["name"]: f for f in t["flags"]} for t in CONTRACT["tasks"]}

# Codes after which trying the same again gives the same.
NEVER_RETRIED = frozenset(c for c, e in EXIT_CODES.items() if c and not e["retry"] and e["name"] != "nothing_new")
TEMPORARY = frozenset(c for c, e in EXIT_CODES.items() if e["name"] in ("temporary", "stopped"))
NOTHING_NEW = next(c for c, e in EXIT_CODES.items() if e["name"] == "nothing_new")


def swaps_pointers(step: str) -> bool:
    """Whether the step moves something that other runs read: state of the lines, HEAD, state of drift and score."""
    return step not in STEPS or bool(STEPS[step]["pointers"])  # what is no step is a command of the registry
