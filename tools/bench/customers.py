"""The customers table in pandas, by the definitions of Clientele: the peer of bin/ingest and bin/preprocess in `make bench`.

    python customers.py SOURCE AS_OF OUT [ENGINE]

SOURCE is a csv or csv.gz in the UCI Online Retail layout, AS_OF a date (YYYY-MM-DD), OUT an Arrow file, ENGINE what
read_csv reads with: c (pandas' default) or pyarrow. The rules are the
defaults (matching of cancellations included), the window is `all`. Written as somebody would who knows pandas and wants it
fast: integers and codes instead of texts, one groupby a question, Python only where cancellations are matched.
"""

import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa

DAY = 86_400_000_000  # microseconds
SERVICES = {"NEXT DAY CARRIAGE", "HIGH RESOLUTION IMAGE"}


def read(source, as_of, engine):
    """Lines before as_of with a customer, as numbers: money in ten-thousandths, time in microseconds."""
    raw = pd.read_csv(
        source,
        engine=engine,
        dtype={"InvoiceNo": "str", "StockCode": "str", "Description": "str", "CustomerID": "str", "Country": "str"},
        parse_dates=["InvoiceDate"],
    )
    raw = raw[raw["CustomerID"].notna().to_numpy()]
    time = raw["InvoiceDate"].to_numpy().astype("datetime64[us]").astype(np.int64)
    lines = pd.DataFrame(
        {
            "time": time,
            "quantity": raw["Quantity"].to_numpy().astype(np.int64),
            "price": np.rint(raw["UnitPrice"].to_numpy() * 10_000).astype(np.int64),
        }
    )
    texts = {}
    for column, name in [
        ("CustomerID", "customer"),
        ("InvoiceNo", "invoice"),
        ("StockCode", "code"),
        ("Description", "description"),
        ("Country", "country"),
    ]:
        lines[name], texts[name] = dictionary(raw[column], name)
    before = time < np.datetime64(as_of, "us").astype(np.int64)
    return lines[before].reset_index(drop=True), texts


def dictionary(column, name):
    """Codes in byte order of the texts as they are compared; an empty text where there is none."""
    codes, values = pd.factorize(column)
    values = [str(v) for v in values]
    if name == "customer":
        values = [v.strip().removesuffix(".0") for v in values]
    elif name in ("invoice", "code"):
        values = [v.strip().upper() for v in values]
    values.append("")  # for code -1
    order = sorted(set(values), key=str.encode)
    rank = {v: i for i, v in enumerate(order)}
    return np.array([rank[v] for v in values], dtype=np.int64)[codes], order


def rules(lines, texts):
    """What is left for the cancellation rules, as (sales, cancellations)."""
    invoices, codes, descriptions = texts["invoice"], texts["code"], texts["description"]
    adjustment = np.array([v.startswith("A") for v in invoices])
    cancelled = np.array([v.startswith("C") for v in invoices])
    no_product = np.array([len(re.findall("[0-9]", v)) < 2 or v.startswith("GIFT_") for v in codes])
    service = np.array([v.strip().upper() in SERVICES for v in descriptions])
    is_cancelled = cancelled[lines["invoice"].to_numpy()]
    taken = (
        adjustment[lines["invoice"].to_numpy()]
        | no_product[lines["code"].to_numpy()]
        | service[lines["description"].to_numpy()]
        | (lines["price"].to_numpy() <= 0)
        | ((lines["quantity"].to_numpy() <= 0) & ~is_cancelled)
    )
    return lines[~taken & ~is_cancelled].copy(), lines[~taken & is_cancelled]


def match(sales, cancellations):
    """Takes back from the sales what is cancelled; returns the sales with what is left of each, those at zero gone.

    Cancellations come in ascending order of (time, invoice, price, quantity, description); each takes from sales of the
    same customer and code at or before its time, first those of its own price, in each group the latest first.
    """
    n = int(max(sales["code"].max(), cancellations["code"].max())) + 1
    sale_key = sales["customer"].to_numpy() * n + sales["code"].to_numpy()
    back = cancellations[cancellations["quantity"] < 0].sort_values(["time", "invoice", "price", "quantity", "description"])
    back_key = back["customer"].to_numpy() * n + back["code"].to_numpy()
    left = sales["quantity"].to_numpy().copy()

    wanted = np.flatnonzero(np.isin(sale_key, back_key))
    candidates = sales.iloc[wanted].assign(key=sale_key[wanted], at=wanted)
    candidates = candidates.sort_values(["key", "time", "invoice", "price", "quantity", "description"], ascending=False)
    groups = {}
    for key, time, price, at in zip(
        candidates["key"].tolist(), candidates["time"].tolist(), candidates["price"].tolist(), candidates["at"].tolist()
    ):
        groups.setdefault(key, []).append((time, price, at))
    for key, time, price, quantity in zip(
        back_key.tolist(), back["time"].tolist(), back["price"].tolist(), (-back["quantity"]).tolist()
    ):
        group = groups.get(key, ())
        for own_price in (True, False):
            for sold, paid, at in group:
                if quantity == 0:
                    break
                if sold <= time and (paid == price) == own_price and left[at] > 0:
                    take = min(quantity, int(left[at]))
                    left[at] -= take
                    quantity -= take
    sales["left"] = left
    return sales[left > 0].copy()


def first_and_last(dates):
    """By customer: first and last purchase date, mean and sample deviation of the days between distinct dates."""
    distinct = dates.drop_duplicates().sort_values(["customer", "date"])
    gap = distinct["date"].diff().where(distinct["customer"].eq(distinct["customer"].shift()))
    gaps = gap.groupby(distinct["customer"]).agg(["mean", "std"])
    span = distinct.groupby("customer")["date"].agg(["min", "max"])
    return span["min"], span["max"], gaps["mean"], gaps["std"]


def monthly(invoices, day):
    """By customer: mean, sample deviation and slope of spend in blocks of thirty days back from the as-of date."""
    block = (day - 1 - invoices["date"]) // 30
    spend = invoices.assign(block=block).groupby(["customer", "block"])["amount"].sum() / 10_000
    customer = spend.index.get_level_values(0)
    block = spend.index.get_level_values(1).to_numpy()
    n = pd.Series(block).groupby(customer).max() + 1
    x = pd.Series(spend.to_numpy())
    mean = x.groupby(customer).sum() / n
    centre = mean.reindex(customer).to_numpy()
    squares = ((x - centre) ** 2).groupby(customer).sum() + (n - x.groupby(customer).size()) * mean**2
    several = n >= 2
    deviation = np.sqrt(squares / (n - 1).where(several)).where(several)
    middle = ((n - 1) / 2).reindex(customer).to_numpy()
    slope = ((middle - block) * x).groupby(customer).sum() / (n * (n**2 - 1) / 12.0).where(several)
    return mean, deviation, slope


def features(sales, cancellations, texts, as_of):
    """One row a customer with a sale left, sorted by customer."""
    day = int(np.datetime64(as_of, "D").astype(np.int64))
    sales["amount"] = sales["left"] * sales["price"]
    by = sales.groupby("customer")

    invoices = sales.groupby(["customer", "invoice"], as_index=False).agg(time=("time", "min"), amount=("amount", "sum"))
    invoices["date"] = invoices["time"] // DAY
    weekday = (invoices["date"] + 3) % 7  # Monday is 0
    hour = invoices["time"] % DAY // 3_600_000_000
    invoices["weekend"] = weekday >= 5
    invoices["office"] = (weekday < 5) & (hour >= 9) & (hour < 17)
    per_invoice = invoices.groupby("customer")
    first, last, gap_mean, gap_sd = first_and_last(invoices[["customer", "date"]])

    out = pd.DataFrame({"recency": day - last})
    out["frequency"] = per_invoice.size()
    out["monetary"] = by["amount"].sum()
    money = out["monetary"] / 10_000
    out["average_invoice"] = money / out["frequency"]
    out["units"] = by["left"].sum()
    out["lines"] = by.size()
    dated = sales.merge(invoices[["customer", "invoice", "date"]], on=["customer", "invoice"])
    bought = dated[["customer", "code", "date"]].drop_duplicates().groupby(["customer", "code"]).size()
    per_code = bought.groupby("customer")
    out["products"] = per_code.size()
    out["lines_per_invoice"] = out["lines"] / out["frequency"]
    out["tenure"] = day - first
    out["gap_mean"], out["gap_sd"] = gap_mean, gap_sd
    out["monthly_mean"], out["monthly_sd"], out["monthly_slope"] = monthly(invoices, day)

    returned = (-cancellations["quantity"] * cancellations["price"]).groupby(cancellations["customer"]).sum() / 10_000
    returned = returned.reindex(out.index, fill_value=0)
    returns = cancellations.groupby("customer")["invoice"].nunique().reindex(out.index, fill_value=0)
    out["return_value_rate"] = returned / (money + returned)
    out["return_count_rate"] = returns / (returns + out["frequency"])
    out["weekend_share"] = per_invoice["weekend"].mean()
    out["office_share"] = per_invoice["office"].mean()
    revenue = sales.groupby(["customer", "country"], as_index=False)["amount"].sum()
    best = revenue.sort_values(["customer", "amount", "country"], ascending=[True, False, True]).drop_duplicates("customer")
    out["country"] = best.set_index("customer")["country"].map(lambda c: texts["country"][c])
    out["median_units"] = by["left"].median()
    out["rebought_share"] = (bought >= 2).groupby("customer").mean()
    out.insert(0, "customer", [texts["customer"][c] for c in out.index])
    return out.sort_index()


def main():
    source, as_of, path, *engine = sys.argv[1:]
    lines, texts = read(source, as_of, engine[0] if engine else "c")
    sales, cancellations = rules(lines, texts)
    sales = match(sales, cancellations)
    table = pa.Table.from_pandas(features(sales, cancellations, texts, as_of), preserve_index=False)
    with pa.OSFile(path, "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


if __name__ == "__main__":
    main()
