"""Holds a plan (terraform show -json) to the policies that the tests hold the examples' plans to.

python3 tools/terraform/judge.py plan.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "terraform" / "tests"))

import docs
import policies

# Those that say something of any plan; of a change, only the resources that it makes or alters are seen.
OF_ANY_PLAN = (
    policies.nothing_is_public,
    policies.roles_are_few,
    policies.there_are_no_keys,
    policies.deletion_is_for_pointers,
    policies.pointers_can_be_moved,
    policies.objects_come_back,
    policies.tags_never_move,
    policies.labels_are_there,
    policies.ci_is_one_repository_on_one_ref,
    policies.composer_is_of_the_third_generation,
    policies.only_google_is_asked,
)


def judge(plan: dict) -> list[str]:
    """What breaks a policy."""
    for change in plan.get("resource_changes", []):
        if "update" in change["change"]["actions"]:
            change["change"]["actions"] = ["create"]
    made = policies.resources({"resource_changes": plan.get("resource_changes", [])})
    wrong = [found for policy in OF_ANY_PLAN for found in policy(made)]
    return wrong + list(policies.dags_read_every_variable(made, docs.settings()))


if __name__ == "__main__":
    problems = judge(json.loads(Path(sys.argv[1]).read_text()))
    print("\n".join(problems) or "the plan keeps every policy")
    sys.exit(1 if problems else 0)
