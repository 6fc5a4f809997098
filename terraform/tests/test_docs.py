"""What is made from other files is current."""

from __future__ import annotations

import json
import re

import docs
import pytest

MADE = docs.made()


@pytest.mark.parametrize("path", MADE, ids=lambda p: str(p.relative_to(docs.REPOSITORY)))
def test_it_is_current(path):
    assert path.read_text() == MADE[path], "run tools/terraform.sh docs"


@pytest.mark.parametrize("module", sorted(m.name for m in docs.MODULES.iterdir()))
def test_every_input_and_output_is_explained(module):
    for file, kind in (("variables.tf", "variable"), ("outputs.tf", "output")):
        found = docs.blocks((docs.MODULES / module / file).read_text(), kind)
        assert found, f"{file} is not read"
        for name, body in found.items():
            assert docs.attribute(body, "description").endswith('."'), f"{module}: {name}"


def test_a_changed_variable_makes_a_readme_old(tmp_path):
    (tmp_path / "variables.tf").write_text('variable "days" {\n  description = "Days."\n  type        = number\n  default     = 3\n}\n')
    (tmp_path / "outputs.tf").write_text('output "url" {\n  description = "URL."\n  value       = "x"\n}\n')
    (tmp_path / "README.md").write_text(f"# module\n\n{docs.BEGIN}\n{docs.END}\n")
    first = docs.readme(tmp_path)
    assert "| `days` | Days. | `number` | `3` |" in first and "| `url` | URL. |" in first
    (tmp_path / "variables.tf").write_text((tmp_path / "variables.tf").read_text().replace("= 3", "= 4"))
    assert docs.readme(tmp_path) != first


def test_the_settings_are_those_that_airflow_md_lists():
    """Two readings of the DAGs' settings that know nothing of each other."""
    listed = re.findall(r"(?m)^\| `(CLIENTELE_\w+)` \|", (docs.REPOSITORY / "docs" / "airflow.md").read_text())
    assert docs.settings() == sorted(listed)


def test_the_accounts_that_are_made_by_hand_are_those_of_the_programs():
    (made,) = re.findall(r"(?m)^for step in (.*); do$", (docs.REPOSITORY / "docs" / "deploy.md").read_text())
    steps = json.loads((docs.REPOSITORY / "dags" / "clientele" / "contract.json").read_text())["steps"]
    assert made.split() == [*(s["name"] for s in steps), "registry"]
