"""Customers by polars: the rules of Clientele without matching of cancellations, and eight columns. A peer in `make bench`.

    python customers_polars.py SOURCE AS_OF OUT
"""

import datetime
import sys

import polars as pl

SERVICES = ["NEXT DAY CARRIAGE", "HIGH RESOLUTION IMAGE"]


def main(source, as_of, out):
    day = datetime.date.fromisoformat(as_of)
    code, invoice = pl.col("StockCode").str.strip_chars().str.to_uppercase(), pl.col("InvoiceNo").str.strip_chars().str.to_uppercase()
    lines = (
        pl.scan_csv(source, try_parse_dates=True, schema_overrides=dict.fromkeys(("InvoiceNo", "StockCode", "CustomerID"), pl.String))
        .filter(pl.col("CustomerID").is_not_null() & (pl.col("InvoiceDate") < day))
        .select(
            customer=pl.col("CustomerID").str.strip_chars().str.strip_suffix(".0"),
            invoice=invoice,
            code=code,
            service=pl.col("Description").str.strip_chars().str.to_uppercase().is_in(SERVICES).fill_null(False),
            quantity=pl.col("Quantity"),
            price=(pl.col("UnitPrice") * 10_000).round().cast(pl.Int64),
            time=pl.col("InvoiceDate"),
        )
        .filter(
            ~pl.col("invoice").str.starts_with("A") & ~pl.col("invoice").str.starts_with("C") & ~pl.col("service")
            & (pl.col("code").str.count_matches(r"\d") >= 2) & ~pl.col("code").str.starts_with("GIFT_")
            & (pl.col("price") > 0) & (pl.col("quantity") > 0)
        )
    )
    # An invoice is of the day of its first line.
    invoices = lines.group_by("customer", "invoice").agg(day=pl.col("time").min().dt.date())
    dates = invoices.group_by("customer").agg(frequency=pl.len(), first=pl.col("day").min(), last=pl.col("day").max())
    sums = lines.group_by("customer").agg(
        monetary=(pl.col("quantity") * pl.col("price")).sum(),
        units=pl.col("quantity").sum(),
        lines=pl.len(),
        products=pl.col("code").n_unique(),
    )
    table = sums.join(dates, on="customer").select(
        "customer",
        recency=(pl.lit(day) - pl.col("last")).dt.total_days(),
        tenure=(pl.lit(day) - pl.col("first")).dt.total_days(),
        frequency="frequency", monetary="monetary", units="units", lines="lines", products="products",
    )
    table.sort("customer").collect(engine="streaming").write_ipc(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
