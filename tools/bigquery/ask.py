"""Asks a local BigQuery the three queries of docs/warehouse.md and prints them with their answers: ask.py HOST PROJECT.DATASET."""

import json
import pathlib
import re
import sys
import urllib.request


def queries(page: str) -> list[tuple[str, str]]:
    """The question and the query of each statement in the page's SQL block."""
    block = re.search(r"```sql\n(.*?)```", page, re.DOTALL)
    found = re.findall(r"-- (.*?)\n(.*?);", block[1] if block else "", re.DOTALL)
    if len(found) < 3:
        sys.exit("docs/warehouse.md has no SQL block with three queries")
    return found


def ask(host: str, project: str, sql: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows."""
    request = urllib.request.Request(
        f"http://{host}/bigquery/v2/projects/{project}/queries",
        json.dumps({"query": sql, "useLegacySql": False}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        answer = json.load(reply)
    if answer.get("errors"):
        sys.exit(f"{sql}\n{answer['errors'][0]['message']}")
    columns = [field["name"] for field in answer["schema"]["fields"]]
    return columns, [["" if cell["v"] is None else str(cell["v"]) for cell in row["f"]] for row in answer.get("rows", [])]


def table(columns: list[str], rows: list[list[str]], most: int = 10) -> str:
    """Columns of one width; the first rows."""
    shown = [columns, *rows[:most]]
    width = [max(len(line[i]) for line in shown) for i in range(len(columns))]
    lines = ["  " + "  ".join(cell.ljust(w) for cell, w in zip(line, width)).rstrip() for line in shown]
    return "\n".join(lines + ([f"  … {len(rows) - most:,} more"] if len(rows) > most else []))


if __name__ == "__main__":
    host, dataset = sys.argv[1:]
    project, name = dataset.rsplit(".", 1)
    page = pathlib.Path(__file__).parents[2] / "docs" / "warehouse.md"
    for question, sql in queries(page.read_text(encoding="utf-8")):
        sql = sql.strip().replace("clientele.", f"{name}.")
        print(f"\n{question}\n\n  " + sql.replace("\n", "\n  ") + "\n")
        print(table(*ask(host, project, sql)))
