"""What is measured, P1 to P10. A row makes its input, runs each contestant in a folder of its own, and says what was equal."""

import dataclasses
import gzip
import json
import os
import pathlib
import shutil
import sys
import typing

import numpy as np
import pandas as pd
import pyarrow as pa
from process import BIN, Cost, run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OURS = "clientele"
# What all of them make without matching of cancellations; the pandas scripts make every column, matched.
GROSS = ["customer", "recency", "frequency", "monetary", "units", "lines", "products", "tenure"]


@dataclasses.dataclass
class Row:
    name: str
    title: str
    prepare: typing.Callable  # (source, work) -> what the contestants get
    contestants: dict  # name -> (input, folder) -> Cost
    check: typing.Callable  # (folders by contestant, input) -> what was equal; ends the program otherwise
    targets: dict  # contestant -> how many times as fast we want to be
    memory: float  # the share of the least of their peaks that we may take
    rounds: int = 5


def fail(text):
    raise SystemExit(f"not equal: {text}")


# Lines to customers.


def steps(programs, where, source, folder, *flags):
    common = [f"--root=file://{folder}/root", "--pipeline=bench", "--run-id=bench", f"--as-of={where}"]
    ingest = [programs / "ingest", *common, f"--source={source}", f"--result={folder}/ingest.json"]
    preprocess = [programs / "preprocess", *common, "--window=all", f"--result={folder}/preprocess.json", *flags]
    return run(ingest) + run(preprocess)


def ours(*flags):
    return lambda given, folder: steps(BIN, *given, folder, *flags)


def before(given, folder):
    return steps(pathlib.Path(os.environ["BEFORE"]).resolve(), *given, folder)


def script(name, *more):
    """A contestant that is a script: AS_OF and source, and where its table goes."""
    return lambda given, folder: run([sys.executable, HERE / name, given[1], given[0], folder / "customers.arrow", *more])


def our_customers(folder):
    """The customers table that preprocess has made: money in ten-thousandths, units whole."""
    tables = list(folder.glob("root/runs/bench/*/*/preprocess/*/customers*.arrow"))
    tables = [t for t in tables if t.name.startswith("customers-") or t.name == "customers.arrow"] or tables
    made = pa.concat_tables([pa.ipc.open_file(t).read_all() for t in sorted(tables)])
    columns = {}
    for name, column in zip(made.column_names, made.columns):
        if pa.types.is_decimal(column.type):
            digits = 4 if column.type.scale == 4 else 0
            column = [int(v.as_py().scaleb(digits)) for v in column]
        else:
            column = column.to_pandas()
        columns[name] = column
    return pd.DataFrame(columns)


def same_table(a, b, columns):
    """Ends the program unless the columns are equal: texts and counts exactly, floating-point numbers to 1e-9."""
    if len(a) != len(b):
        fail(f"{len(a)} and {len(b)} customers")
    a, b = (t[columns].sort_values("customer").reset_index(drop=True) for t in (a, b))
    for name in columns:
        x, y = a[name].to_numpy(), b[name].to_numpy()
        if pd.api.types.is_float_dtype(a[name]):
            x, y = x.astype(float), y.astype(float)
            same = (np.abs(x - y) <= 1e-9 * np.maximum(1, np.abs(y))) | (np.isnan(x) & np.isnan(y))
        else:
            same = x == y
        if not np.all(same):
            at = int(np.flatnonzero(~same)[0])
            fail(f"{name} of customer {a['customer'][at]}: {x[at]!r} is not {y[at]!r}; {np.sum(~same)} differ")


def check_customers(folders, given):
    """The pandas scripts' tables as ours; those of polars and DuckDB as ours without matching."""
    mine = our_customers(folders[OURS])
    said = [f"{len(mine):,} customers"]
    gross = None
    for name, folder in folders.items():
        if name in (OURS, "before"):
            continue
        theirs = pa.ipc.open_file(folder / "customers.arrow").read_all().to_pandas()
        if name.startswith("pandas"):
            same_table(mine, theirs, list(theirs.columns))
            said.append(f"{name}: {len(theirs.columns)} columns")
            continue
        if gross is None:
            plain = folders[OURS].parent / "gross"
            plain.mkdir()
            steps(BIN, *given, plain, "--rules=-cancellation_matched")
            gross = our_customers(plain)
        same_table(gross, theirs, GROSS)
        said.append(f"{name}: {len(GROSS)} columns, unmatched")
    return "; ".join(said)


def unpacked(source, work):
    path = work / "lines.csv"
    if not path.exists():
        with gzip.open(source) if source.suffix == ".gz" else open(source, "rb") as packed, open(path, "wb") as plain:
            shutil.copyfileobj(packed, plain)
    return os.environ["AS_OF"], path


def many(split, invoices=1):
    """The file twenty times over (COPIES says otherwise), with customers of their own; each of them split in so many, by invoice. Each invoice is
    split in so many by its lines, with numbers and customers of their own; one is as it was."""

    def prepare(source, work):
        as_of, once = unpacked(source, work)
        path = work / f"many{split}.csv"
        lines = pd.read_csv(once, dtype=str, keep_default_na=False)
        whole = pd.to_numeric(lines["CustomerID"])
        letter = lines["InvoiceNo"].str.extract("^([A-Z]?)", expand=False)
        invoice = pd.to_numeric(lines["InvoiceNo"].str.slice(1).where(letter != "", lines["InvoiceNo"]))
        line = np.arange(len(lines)) % invoices
        for copy in range(int(os.environ.get("COPIES", "20"))):
            number = whole + 100_000 * ((copy * split + invoice % split) * invoices + line)
            if invoices > 1:
                lines["InvoiceNo"] = letter + (invoice + 1_000_000 * (copy * invoices + line)).astype(str)
            lines["CustomerID"] = number.map(lambda v: "" if np.isnan(v) else str(int(v)))
            lines.to_csv(path, mode="a", index=False, header=copy == 0)
        return as_of, path

    return prepare


# A workbook.


def workbook(source, work):
    import xlsxwriter

    as_of, once = unpacked(source, work)
    lines = pd.read_csv(once, parse_dates=["InvoiceDate"], dtype={"InvoiceNo": str, "StockCode": str}, low_memory=False)
    path = work / "lines.xlsx"
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_numbers": True})
    sheet = book.add_worksheet("Lines")
    sheet.write_row(0, 0, lines.columns)
    for at, line in enumerate(lines.itertuples(index=False), 1):
        for column, value in enumerate(line):
            if not pd.isna(value):
                sheet.write(at, column, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)
    book.close()
    return as_of, path


def ingest(given, folder, programs=BIN):
    where = [f"--root=file://{folder}/root", "--pipeline=bench", "--run-id=bench", f"--as-of={given[0]}"]
    return run([programs / "ingest", *where, f"--source={given[1]}", f"--result={folder}/ingest.json"])


def reader(code):
    return lambda given, folder: run([sys.executable, "-c", f"import sys; p, out = sys.argv[1:]\n{code}", given[1], folder / "rows"])


def check_days(folders, given):
    """The days are those of the csv, by name, which is their content; the frames have as many rows."""
    rows = json.loads((folders[OURS] / "ingest.json").read_text())["rows_accepted"]
    plain = folders[OURS].parent / "csv"
    plain.mkdir()
    ingest((given[0], given[1].with_name("lines.csv")), plain)
    days = [sorted(str(d.relative_to(f)) for d in f.glob("root/lines/*/*/*.arrow")) for f in (folders[OURS], plain)]
    if days[0] != days[1] or not days[0]:
        fail("the days of the workbook and of the csv")
    for name, folder in folders.items():
        if name != OURS and int((folder / "rows").read_text()) != rows:
            fail(f"{name} has {(folder / 'rows').read_text()} rows, we {rows}")
    return f"{rows:,} lines, {len(days[0])} days of the same bytes as from the csv"


# A whole run.


def whole(given, folder):
    """The steps that the script of pandas and scikit-learn does too, and those that judge, promote and show."""
    where = [f"--root=file://{folder}/root", "--pipeline=bench", "--run-id=bench", f"--as-of={given[0]}"]
    cost = Cost()
    for step, flags in {
        "ingest": [f"--source={given[1]}"], "preprocess": ["--window=all"], "drift": [], "train": [], "evaluate": [],
        "promote": [], "score": [], "report": [],
    }.items():
        cost += run([BIN / step, *where, f"--result={folder}/{step}.json", *flags])
    return cost


def check_whole(folders, given):
    mine = json.loads((folders[OURS] / "train.json").read_text())
    theirs = json.loads((folders["pandas + scikit-learn"] / "answer.json").read_text())
    customers = json.loads((folders[OURS] / "preprocess.json").read_text())["customers"]
    if customers != theirs["customers"]:
        fail(f"{customers} and {theirs['customers']} customers")
    return f"{customers:,} customers; ours chose k = {mine.get('k')}, the script {theirs['k']} by its silhouette"


# Mathematics: numbers in a file, an answer with the seconds of the computation alone.


def numbers(work, *header, arrays):
    path = work / "numbers"
    np.concatenate([np.array(header, "<f8"), *[np.ravel(a) for a in arrays]]).astype("<f8").tofile(path)
    return path


def by_test(package, what):
    """A contestant that is a benchmark of a package, in a process of its own."""

    def go(given, folder):
        program = given.with_name(f"{package}.test")
        flags = ["-test.run=^$", f"-test.bench=^BenchmarkOfAFile$/^{what}$", "-test.benchtime=1x"]
        run_at = run([program, *flags], CLIENTELE_NUMBERS=given, CLIENTELE_ANSWER=folder / "answer.json")
        return computed(run_at, folder)

    return go


def by_python(what):
    def python(given, folder):
        return computed(run([sys.executable, HERE / "mathematics.py", what, given, folder / "answer.json"]), folder)

    return python


def computed(cost, folder):
    answer = json.loads((folder / "answer.json").read_text())
    return Cost(answer["seconds"], answer["cpu"], cost.peak)


def build(package, work):
    import subprocess

    subprocess.run(["go", "test", "-c", "-o", work / f"{package}.test", f"./pkg/{package}"], cwd=ROOT, check=True)


def crowd(n, d, k, of):
    def prepare(_, work):
        build("cluster", work)
        random = np.random.default_rng(1)
        centres = random.normal(size=(of, d)) * 3
        which = random.integers(of, size=n)
        points = centres[which] + random.normal(size=(n, d))
        return numbers(work, n, d, k, arrays=[points, which % k])

    return prepare


def columns(_, work):
    build("drift", work)
    n = int(os.environ.get("DRIFT_ROWS", "1000000"))
    random = np.random.default_rng(1)
    return numbers(work, n, 16, arrays=[random.normal(size=(16, 2, n))])


def answers(folders):
    return {name: json.loads((folder / "answer.json").read_text()) for name, folder in folders.items()}


def near(name, a, b, tolerance=1e-9):
    if abs(a - b) > tolerance * max(1, abs(b)):
        fail(f"{name}: {a} and {b}")


def check_refit(folders, _):
    mine, theirs = answers(folders).values()
    near("inertia", mine["inertia"], theirs["inertia"])
    if abs(mine["iterations"] - theirs["iterations"]) > 1:
        fail(f"{mine['iterations']} and {theirs['iterations']} iterations")
    return f"{mine['iterations']} iterations, inertia {mine['inertia']:.6g} ({mine['tier']})"


def check_sweep(folders, _):
    """Starts are drawn otherwise, so that optima may differ: by two percent at most, and how many are above theirs is said."""
    mine, theirs = answers(folders).values()
    over = [a / b - 1 for a, b in zip(mine["inertia"], theirs["inertia"], strict=True)]
    if max(over) > 0.02:
        fail(f"inertia, ours and theirs: {mine['inertia']} {theirs['inertia']}")
    above = [o for o in over if o > 1e-9]
    below = sum(o < -1e-9 for o in over)
    return f"inertia above theirs at {len(above)} of {len(over)} k, by {max([*above, 0]):.1%} at most, below at {below} ({mine['tier']})"


def check_silhouette(folders, _):
    mine, theirs = answers(folders).values()
    near("silhouette", mine["mean"], theirs["mean"])
    return f"silhouette {mine['mean']:.6f} ({mine['tier']})"


def check_drift(folders, _):
    mine, theirs = answers(folders).values()
    for statistic in ("ks", "js", "psi", "wasserstein"):
        for a, b in zip(mine[statistic], theirs[statistic], strict=True):
            near(statistic, a, b)
    return "KS, JS, PSI and Wasserstein of 16 columns"


SKLEARN = "scikit-learn"
PANDAS = "pandas, tuned"
PLAIN = "pandas, plain"
READ = "df = {0}\nopen(out, 'w').write(str(len(df)))"
ROWS = [
    Row("P1", "the real csv to customers", unpacked,
        {OURS: ours(), PANDAS: script("customers.py", "c"), "polars": script("customers_polars.py"),
         "DuckDB": script("customers_duckdb.py")},
        check_customers, {PANDAS: 5, "polars": 2, "DuckDB": 2}, 1 / 2),
    Row("plain", "P1 beside pandas as it is mostly written", unpacked, {OURS: ours(), PLAIN: script("customers_plain.py")},
        check_customers, {PLAIN: 5}, 1 / 2, 3),
    Row("P2", "the same twenty times", many(1),
        {OURS: ours(), "polars": script("customers_polars.py"), "DuckDB": script("customers_duckdb.py")},
        check_customers, {"polars": 1.3, "DuckDB": 1.3}, 1 / 3, 3),
    Row("P3", "as many lines, more customers", many(8),
        {OURS: ours(), "polars": script("customers_polars.py"), "DuckDB": script("customers_duckdb.py")},
        check_customers, {"polars": 2, "DuckDB": 2.7}, 1 / 4, 3),
    # With 512 MiB DuckDB 2.0 ends out of memory at 200 copies.
    Row("bound", "P4: COPIES=200 of the file within 512 MiB, DuckDB within 1 GiB", many(8, 4),
        {OURS: ours("--memory=512MiB"), "DuckDB": script("customers_duckdb.py", "1GiB")}, check_customers, {"DuckDB": 2}, 1, 1),
    Row("P5", "a workbook to lines", workbook,
        {OURS: ingest,
         "pandas": reader("import pandas as pd\n" + READ.format("pd.read_excel(p, engine='calamine')")),
         "polars": reader("import polars as pl\ntexts = {'InvoiceNo': pl.String, 'StockCode': pl.String}\n"
                          + READ.format("pl.read_excel(p, schema_overrides=texts)"))},
        check_days, {"pandas": 8, "polars": 3}, 1 / 3),
    Row("P6", "the real csv to the page", unpacked,
        {OURS: whole, "pandas + scikit-learn": lambda given, folder: run(
            [sys.executable, HERE / "mathematics.py", "whole", given[1], folder / "answer.json", given[0]])},
        check_whole, {"pandas + scikit-learn": 8}, 1 / 2),
    *[Row(f"P7.{d}", f"k-means, a million points of {d}, k = 10", crowd(1_000_000, d, 10, 20),
          {OURS: by_test("cluster", "refit"), SKLEARN: by_python("refit")}, check_refit, {SKLEARN: 4}, 1, 3) for d in (3, 6, 16)],
    Row("P8", "sweep, k = 2 … 15, ten starts, every criterion, 4,300 customers", crowd(4300, 3, 2, 5),
        {OURS: by_test("cluster", "sweep"), SKLEARN: by_python("sweep")}, check_sweep, {SKLEARN: 12}, 1 / 2),
    *[Row(f"P9.{n}", f"exact silhouette of {n:,}", crowd(n, 3, 4, 4),
          {OURS: by_test("cluster", "silhouette"), SKLEARN: by_python("silhouette")}, check_silhouette, {SKLEARN: 10}, 1 / 2)
      for n in (4300, 20000)],
    Row("P10", "drift of 16 columns, a million against a million", columns,
        {OURS: by_test("drift", "compare"), "SciPy": by_python("compare")}, check_drift, {"SciPy": 10}, 1 / 2, 3),
]
