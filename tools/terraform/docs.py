"""The parts of terraform/ that are made from other files: tables of inputs and outputs in the modules' READMEs.

python3 tools/terraform/docs.py --write
"""

from __future__ import annotations

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


def made() -> dict[Path, str]:
    """Path → text of everything that is made."""
    return {m / "README.md": readme(m) for m in sorted(MODULES.iterdir()) if m.is_dir()}


if __name__ == "__main__":
    for path, text in made().items():
        if path.exists() and path.read_text() == text:
            continue
        if "--write" not in sys.argv:
            raise SystemExit(f"{path.relative_to(REPOSITORY)} is not current: tools/terraform.sh docs")
        path.write_text(text)
        print(f"wrote {path.relative_to(REPOSITORY)}")
