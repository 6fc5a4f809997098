"""The parts of terraform/ that are made from other files: tables of inputs and outputs in the modules' READMEs, the variables
that the DAGs read, and what each step's pod is given, and
the deployer's roles in docs/deploy.md.

python3 tools/terraform/docs.py --write
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
MODULES = REPOSITORY / "terraform" / "modules"
BEGIN, END = "<!-- made by tools/terraform.sh docs -->", "<!-- end -->"


def blocks(text: str, kind: str) -> dict[str, str]:
    """Name → body of the blocks of a kind, in formatted text, where only a block's end is a brace in the first column."""
    return dict(re.findall(rf'(?ms)^{kind} "(\w+)" {{\n(.*?)^}}', text))


def attribute(body: str, name: str) -> str:
    """An attribute's expression, "" without one. It ends where the next attribute or block of the same depth begins."""
    found = re.search(rf"(?ms)^  {name} += (.*?)(?=^  \w|^\n|\Z)", body)
    return found.group(1).strip() if found else ""


def cell(expression: str) -> str:
    """An expression as a cell of a table: on one line, as code."""
    line = re.sub(r"\s+", " ", re.sub(r"(?<![\[{(,])\n\s*(?![\]})])", ", ", expression))
    return "`" + line.replace("|", "\\|") + "`" if expression else ""


def tables(module: Path) -> str:
    """The tables of a module's inputs and outputs."""
    inputs = blocks((module / "variables.tf").read_text(), "variable")
    outputs = blocks((module / "outputs.tf").read_text(), "output")
    lines = ["## Inputs", "", "| name | what | type | default |", "| --- | --- | --- | --- |"]
    for name, body in sorted(inputs.items()):
        default = cell(attribute(body, "default")) or "required"
        lines.append(f"| `{name}` | {attribute(body, 'description').strip(chr(34))} | {cell(attribute(body, 'type'))} | {default} |")
    lines += ["", "## Outputs", "", "| name | what |", "| --- | --- |"]
    lines += [f"| `{name}` | {attribute(body, 'description').strip(chr(34))} |" for name, body in sorted(outputs.items())]
    return "\n".join(lines)


def readme(module: Path) -> str:
    """The README as it should be: what a person has written, with today's tables between the marks."""
    text = (module / "README.md").read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{module / 'README.md'}: want the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{tables(module)}\n\n{END}{after}"


def settings() -> list[str]:
    """The variables that the DAGs read from Airflow's environment: the fields of Deployment, and where digests come from."""
    tree = ast.parse((REPOSITORY / "dags" / "clientele" / "config.py").read_text())
    (deployment,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Deployment"]
    fields = {n.target.id for n in deployment.body if isinstance(n, ast.AnnAssign)}
    return sorted("CLIENTELE_" + name.upper() for name in fields - {"digests", "shop"} | {"images", "shops"})


def settings_file() -> str:
    """The file of the module composer that refuses every other variable."""
    names = "".join(f'    "{name}",\n' for name in settings())
    return f"# Made by tools/terraform.sh docs, from dags/clientele/config.py.\nlocals {{\n  settings = [\n{names}  ]\n}}\n"


def limits_file() -> str:
    """The file of the module alerts that knows what a step's pod is given, from the DAGs' contract."""
    steps = json.loads((REPOSITORY / "dags" / "clientele" / "contract.json").read_text())["steps"]
    width = max(len(s["name"]) for s in steps)
    lines = "".join(
        f'    {s["name"]:<{width}} = {{ seconds = {int(s["pod"]["minutes"]) * 60}, bytes = {bytes_of(s["pod"]["memory"])} }}\n' for s in steps
    )
    return f"# Made by tools/terraform.sh docs, from dags/clientele/contract.json.\nlocals {{\n  limits = {{\n{lines}  }}\n}}\n"


def bytes_of(quantity: str) -> int:
    """A memory limit such as 2Gi."""
    number, unit = re.fullmatch(r"(\d+)([KMGT]?)i", quantity).groups()
    return int(number) << (10 * " KMGT".index(unit))


def deploy_page() -> str:
    """docs/deploy.md with today's list of the deployer's roles."""
    text = (REPOSITORY / "docs" / "deploy.md").read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    roles = re.findall(r'"(roles/[\w.]+)" = {\s+why += "([^"]+)"', (MODULES / "identity" / "deployer.tf").read_text())
    rows = "\n".join(f"| `{role}` | {why} |" for role, why in roles)
    return f"{before}{BEGIN}\n\n| role | to |\n| --- | --- |\n{rows}\n\n{END}{after}"


def made() -> dict[Path, str]:
    """Path → text of everything that is made."""
    readmes = {m / "README.md": readme(m) for m in sorted(MODULES.iterdir()) if m.is_dir()}
    return {
        **readmes,
        MODULES / "composer" / "settings.tf": settings_file(),
        MODULES / "alerts" / "limits.tf": limits_file(),
        REPOSITORY / "docs" / "deploy.md": deploy_page(),
    }


if __name__ == "__main__":
    for path, text in made().items():
        if path.exists() and path.read_text() == text:
            continue
        if "--write" not in sys.argv:
            raise SystemExit(f"{path.relative_to(REPOSITORY)} is not current: tools/terraform.sh docs")
        path.write_text(text)
        print(f"wrote {path.relative_to(REPOSITORY)}")
