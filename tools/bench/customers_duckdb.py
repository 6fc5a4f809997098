"""Customers by DuckDB: the rules of Clientele without matching of cancellations, and eight columns. A peer in `make bench`.

    python customers_duckdb.py SOURCE AS_OF OUT [MEMORY]
"""

import os
import sys

import duckdb
import pyarrow as pa

QUERY = """
with lines as (
  select regexp_replace(trim(CustomerID), '\\.0$', '') customer, upper(trim(InvoiceNo)) invoice, upper(trim(StockCode)) code,
    Quantity quantity, round(UnitPrice * 10000)::bigint price, InvoiceDate t
  from read_csv(?, types = {'InvoiceNo': 'varchar', 'StockCode': 'varchar', 'CustomerID': 'varchar', 'Quantity': 'bigint',
    'UnitPrice': 'double', 'InvoiceDate': 'timestamp', 'Description': 'varchar'})
  where CustomerID is not null and InvoiceDate < ?::date
    and coalesce(upper(trim(Description)) not in ('NEXT DAY CARRIAGE', 'HIGH RESOLUTION IMAGE'), true)
), sales as (
  select * from lines
  where invoice[1] not in ('A', 'C') and length(regexp_replace(code, '[^0-9]', '', 'g')) >= 2 and not starts_with(code, 'GIFT_')
    and price > 0 and quantity > 0
), invoices as (
  select customer, invoice, min(t)::date d, sum(quantity * price) amount, sum(quantity) units, count(*) n from sales group by all
), products as (
  select customer, count(distinct code) products from sales group by all
)
select customer, date_diff('day', max(d), ?::date) recency, date_diff('day', min(d), ?::date) tenure, count(*) frequency,
  sum(amount)::bigint monetary, sum(units)::bigint units, sum(n)::bigint "lines", any_value(products) products
from invoices join products using (customer) group by customer order by customer
"""


def main(source, as_of, out, memory=""):
    base = duckdb.connect()
    base.execute(f"set threads = {os.environ['OMP_NUM_THREADS']}")
    if memory:
        base.execute(f"set memory_limit = '{memory}'")
        base.execute(f"set temp_directory = '{out}.tmp'")
        base.execute("set preserve_insertion_order = false")  # takes memory, and the query has an order of its own
    rows = base.sql(QUERY, params=[source, as_of, as_of, as_of]).to_arrow_reader()
    with pa.OSFile(out, "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
