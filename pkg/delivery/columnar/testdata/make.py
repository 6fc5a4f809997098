"""Writes the files of this folder, which tell how pandas, polars and pyarrow write lines: python3 make.py.

pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1. All hold the same three lines; the last has nothing but what a line must have.
"""

import datetime
import decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

times = [datetime.datetime(2010, 12, 1, 8, 26), datetime.datetime(2011, 7, 1, 9, 0, 30), datetime.datetime(2011, 12, 9, 12, 50)]
lines = {
    "InvoiceNo": ["536365", "C536379", "581587"],
    "StockCode": ["85123A", "D", "22138"],
    "Description": ["WHITE HANGING HEART", "Discount, £", None],
    "Quantity": [6, -1, 3],
    "InvoiceDate": times,
    "UnitPrice": [2.55, 27.5, 4.95],
    "CustomerID": [17850.0, 14527.0, None],
    "Country": ["United Kingdom", "United Kingdom", None],
}
frame = pd.DataFrame(lines)
frame.to_parquet("pandas.parquet", index=False)
frame.to_feather("pandas.feather")
frame.assign(Country=frame.Country.astype("category"), InvoiceDate=frame.InvoiceDate.dt.tz_localize("Europe/London")).to_parquet(
    "pandas-zone.parquet", index=False, compression="zstd"
)
frame.assign(Country=frame.Country.astype("category"), InvoiceDate=frame.InvoiceDate.dt.tz_localize("Europe/London")).to_feather(
    "pandas-zone.feather"
)
polar = pl.DataFrame(lines).with_columns(pl.col("Country").cast(pl.Categorical))
polar.write_parquet("polars.parquet")
polar.write_ipc("polars.arrow")
polar.write_ipc("polars-old.arrow", compat_level=pl.CompatLevel.oldest(), compression="zstd")

exact = pa.table(
    {
        "Invoice": pa.array(lines["InvoiceNo"]).dictionary_encode(),
        "StockCode": pa.array([b"85123A", b"D", b"22138"]),
        "Description": pa.array(lines["Description"], pa.large_string()),
        "Quantity": pa.array(lines["Quantity"], pa.int16()),
        "InvoiceDate": pa.array(times, pa.timestamp("s")),
        "Price": pa.array([decimal.Decimal("2.5500"), decimal.Decimal("27.5000"), decimal.Decimal("4.9500")], pa.decimal128(18, 4)),
        "Customer ID": pa.array([17850, 14527, None], pa.uint32()),
        "Country": lines["Country"],
        "Tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
        "Till": pa.array([{"id": 1}, None, {"id": 3}], pa.struct([("id", pa.int64())])),
    }
)
pq.write_table(exact, "pyarrow.parquet", data_page_version="2.0", compression="gzip", store_decimal_as_integer=True)
pq.write_table(exact, "pyarrow-int96.parquet", use_deprecated_int96_timestamps=True, compression="brotli", row_group_size=2)
pa.feather.write_feather(exact, "pyarrow.feather", compression="lz4", chunksize=2)
