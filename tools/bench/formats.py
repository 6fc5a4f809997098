"""Times how long a file takes to be read in each format: bin/ingest beside pandas and polars.

    python formats.py SOURCE AS_OF [ROUNDS]

The same lines are written in every format first. Ours takes them in: every record checked, lines sorted into days, hashed and
written to disk; the days must be the same bytes whatever the format. Theirs reads them into a frame, with times and without a
check, and must have as many rows. All are whole processes, in turn; the table shows as bench.py's does.
"""

import json
import pathlib
import sys
import tempfile
import time
import zipfile

import pandas as pd
import polars as pl
import pyarrow.feather
import xlsxwriter
from process import run, say_how_long, scratch

from bench import BIN, COMMON, machine, row, versions

PANDAS = {
    "csv": "pd.read_csv(p, parse_dates=['InvoiceDate'], low_memory=False)",
    "csv.gz": "pd.read_csv(p, parse_dates=['InvoiceDate'], low_memory=False)",
    "zip": "pd.read_csv(p, parse_dates=['InvoiceDate'], low_memory=False)",
    "xlsx": "pd.read_excel(p, engine='calamine')",
    "parquet": "pd.read_parquet(p)",
    "arrow": "pd.read_feather(p)",
}
# Says which columns are texts: polars takes 14 s to infer that from the whole file.
TEXTS = "{'InvoiceNo': pl.String, 'StockCode': pl.String}"
POLARS = {
    "csv": f"pl.read_csv(p, try_parse_dates=True, schema_overrides={TEXTS})",
    "csv.gz": f"pl.read_csv(p, try_parse_dates=True, schema_overrides={TEXTS})",
    "csv.zst": f"pl.read_csv(p, try_parse_dates=True, schema_overrides={TEXTS})",
    "xlsx": f"pl.read_excel(p, schema_overrides={TEXTS})",
    "parquet": "pl.read_parquet(p)",
    "arrow": "pl.read_ipc(p)",
}


def write_formats(source, folder):
    """Writes the lines of a csv in every format and returns the files by format."""
    frame = pd.read_csv(source, parse_dates=["InvoiceDate"], dtype={"InvoiceNo": str, "StockCode": str}, low_memory=False)
    files = {name: folder / f"lines.{name}" for name in ("csv", "csv.gz", "csv.zst", "zip", "xlsx", "parquet", "arrow")}
    text = pl.from_pandas(frame).with_columns(pl.col("InvoiceDate").dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv().encode()
    files["csv"].write_bytes(text)
    for name, codec in (("csv.gz", "gzip"), ("csv.zst", "zstd")):
        with pyarrow.output_stream(str(files[name]), compression=codec) as out:
            out.write(text)
    with zipfile.ZipFile(files["zip"], "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("lines.csv", text)
    frame.to_parquet(files["parquet"], index=False)
    frame.to_feather(files["arrow"])
    book = xlsxwriter.Workbook(files["xlsx"], {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_numbers": True})
    sheet = book.add_worksheet("Lines")
    sheet.write_row(0, 0, frame.columns)
    for at, line in enumerate(frame.itertuples(index=False), 1):
        for column, value in enumerate(line):
            if not pd.isna(value):
                sheet.write(at, column, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)
    book.close()
    return files, len(frame)


def take_in(file, as_of, work):
    """Cost of ingest on a fresh root, and the names of the days' files, which say their content."""
    root = pathlib.Path(tempfile.mkdtemp(dir=work))
    where = [f"--root=file://{root}", f"--as-of={as_of}", *COMMON, f"--result={root}/result.json"]
    cost = run([BIN / "ingest", *where, f"--source={file}"])
    days = sorted(str(p.relative_to(root)) for p in (root / "lines").glob("*/*/*.arrow"))
    return cost, days, json.loads((root / "result.json").read_text())["rows_accepted"]


def read_frame(module, call, file, rows):
    """Cost of a Python process that reads the file."""
    code = f"import {module} as {module[0]}{'d' if module == 'pandas' else 'l'}, sys; p = sys.argv[1]; assert len({call}) == {rows}"
    return run([sys.executable, "-c", code, file])


def measure(source, as_of, rounds, work):
    """Returns the costs by reader and format, the sizes of the files, and the rows."""
    files, rows = write_formats(source, work)
    costs, days = {}, None
    for count in range(rounds + 1):  # the first warms the caches and is compared, not counted
        start = time.perf_counter()
        for form, file in files.items():
            cost, names, accepted = take_in(file, as_of, work)
            days = days or names
            if names != days or accepted != rows:
                raise SystemExit(f"{form}: {accepted} of {rows} rows, and the days are {'the same' if names == days else 'others'}")
            both = {("bin/ingest", form): cost}
            for module, calls in (("pandas", PANDAS), ("polars", POLARS)):
                if form in calls:
                    both[module, form] = read_frame(module, calls[form], file, rows)
            if count:
                for key, cost in both.items():
                    costs.setdefault(key, []).append(cost)
        if not count:
            say_how_long(source.name, time.perf_counter() - start, rounds)
    return costs, {form: file.stat().st_size for form, file in files.items()}, rows


def main():
    source, as_of = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    load = machine()
    with scratch() as work:
        costs, sizes, rows = measure(source, as_of, rounds, work)
    print(f"{rows:,} lines of {source.name}; {rounds} rounds in turn after one to warm up. The days are the same bytes in every format.\n")
    print("| | median s | least s | CPU s | peak MiB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for form in sizes:
        for peer in ("bin/ingest", "pandas", "polars"):
            if (peer, form) in costs:
                print(row(f"{form} ({sizes[form] / 1e6:.1f} MB), {peer}", costs[peer, form]))
    print(f"\n{load}.")
    print(f"{versions()}, polars {pl.__version__}.")


if __name__ == "__main__":
    main()
