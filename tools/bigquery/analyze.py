"""Types SQL by Google's own analyzer of GoogleSQL (zetasql, a wasm build of it).

Reads {"tables": {"p.d.t": {"column": "INT64", …}, …}, "statements": ["…", …]} from standard input, and writes a JSON list with
what is wrong with each statement, null for nothing. A statement is one of a script: BEGIN and COMMIT are no statements of the analyzer's.
"""

import json
import sys

import wasmtime
import zetasql.core.wasm_client as client


class Cached(wasmtime.Config):
    """Compiling the analyzer takes 12 s of CPU: it is kept in the user's cache."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = True


client.Config = Cached

from zetasql.api import Analyzer, CatalogBuilder, TableBuilder
from zetasql.types import AnalyzerOptions, LanguageOptions, TypeKind, ZetaSQLBuiltinFunctionOptions

KINDS = {"FLOAT64": "DOUBLE"}  # BigQuery's names of types that are called otherwise in GoogleSQL

asked = json.load(sys.stdin)
language = LanguageOptions.maximum_features()
catalog = CatalogBuilder("warehouse")
for name, columns in asked["tables"].items():
    table = TableBuilder(name)
    for column, kind in columns.items():
        table = table.add_column(column, getattr(TypeKind, "TYPE_" + KINDS.get(kind, kind)))
    catalog = catalog.add_table(table.build())
catalog = catalog.with_builtin_functions(ZetaSQLBuiltinFunctionOptions(language_options=language)).build()
analyzer = Analyzer(AnalyzerOptions(language_options=language), catalog)
answers = []
for statement in asked["statements"]:
    try:
        analyzer.analyze_statement(statement)
        answers.append(None)
    except Exception as error:  # noqa: BLE001 - whatever it says is the answer
        answers.append(str(error))
json.dump(answers, sys.stdout)
