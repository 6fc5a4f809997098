"""The customers table in pandas as it is mostly written: texts stay texts, a rule is a mask of string methods, a question that
groupby does not answer is an apply. The second peer of bin/ingest and bin/preprocess in `make bench`; customers.py is the one
of somebody who knows what pandas does well and writes for that.

    python customers_plain.py SOURCE AS_OF OUT
"""

import sys

import numpy as np
import pandas as pd

SERVICES = ["NEXT DAY CARRIAGE", "HIGH RESOLUTION IMAGE"]


def read(source, as_of):
    """Lines before as_of with a customer. Money is in ten-thousandths, for sums to be exact."""
    lines = pd.read_csv(source, dtype={"InvoiceNo": str, "StockCode": str, "CustomerID": str}, parse_dates=["InvoiceDate"])
    lines.columns = ["invoice", "code", "description", "quantity", "time", "price", "customer", "country"]
    lines = lines[lines["customer"].notna() & (lines["time"] < as_of)].copy()
    lines["customer"] = lines["customer"].str.strip().str.removesuffix(".0")
    lines["invoice"] = lines["invoice"].str.strip().str.upper()
    lines["code"] = lines["code"].str.strip().str.upper()
    lines["description"] = lines["description"].fillna("")
    lines["price"] = (lines["price"] * 10_000).round().astype("int64")
    return lines


def rules(lines):
    """What is left for the cancellation rules, as (sales, cancellations)."""
    lines = lines[~lines["invoice"].str.startswith("A")]
    product = (lines["code"].str.count(r"\d") >= 2) & ~lines["code"].str.startswith("GIFT_")
    lines = lines[product & ~lines["description"].str.strip().str.upper().isin(SERVICES)]
    lines = lines[lines["price"] > 0]
    cancelled = lines["invoice"].str.startswith("C")
    return lines[~cancelled & (lines["quantity"] > 0)].copy(), lines[cancelled].copy()


def match(sales, cancellations):
    """Takes back from the sales what is cancelled: of the same customer and code, not later, its own price first, the latest
    first. Returns the sales with what is left of each, those at zero gone."""
    order = ["time", "invoice", "price", "quantity", "description"]
    sales["left"] = sales["quantity"]
    back = cancellations[cancellations["quantity"] < 0].sort_values(order)
    keys = pd.MultiIndex.from_frame(sales[["customer", "code"]])
    touched = sales[keys.isin(pd.MultiIndex.from_frame(back[["customer", "code"]]))]
    groups = {key: group.sort_values(order, ascending=False) for key, group in touched.groupby(["customer", "code"])}
    left = touched["left"].to_dict()
    for line in back.itertuples():
        group = groups.get((line.customer, line.code))
        if group is None:
            continue
        quantity = -line.quantity
        earlier = group[group["time"] <= line.time]
        for index in [*earlier.index[earlier["price"] == line.price], *earlier.index[earlier["price"] != line.price]]:
            taken = min(quantity, left[index])
            left[index] -= taken
            quantity -= taken
            if quantity == 0:
                break
    sales.loc[list(left), "left"] = list(left.values())
    return sales[sales["left"] > 0].copy()


def monthly(invoices, as_of):
    """Mean, sample deviation and slope of one customer's spend in blocks of thirty days back from the as-of date."""
    block = (as_of - invoices["date"]).dt.days.sub(1) // 30
    spend = (invoices["amount"] / 10_000).groupby(block).sum().reindex(range(block.max() + 1), fill_value=0.0)
    slope = np.polyfit(-spend.index.to_numpy(), spend.to_numpy(), 1)[0] if len(spend) > 1 else np.nan
    return pd.Series({"monthly_mean": spend.mean(), "monthly_sd": spend.std(), "monthly_slope": slope})


def features(sales, cancellations, as_of):
    """One row a customer with a sale left, sorted by customer."""
    sales["amount"] = sales["left"] * sales["price"]
    invoices = sales.groupby(["customer", "invoice"]).agg(time=("time", "min"), amount=("amount", "sum")).reset_index()
    invoices["date"] = invoices["time"].dt.normalize()
    weekday = invoices["time"].dt.day_of_week < 5
    invoices["weekend"] = ~weekday
    invoices["office"] = weekday & invoices["time"].dt.hour.between(9, 16)
    sales = sales.merge(invoices[["customer", "invoice", "date"]], on=["customer", "invoice"])
    of, bills = sales.groupby("customer"), invoices.groupby("customer")

    out = pd.DataFrame({"recency": (as_of - bills["date"].max()).dt.days})
    out["frequency"] = bills.size()
    out["monetary"] = of["amount"].sum()
    money = out["monetary"] / 10_000
    out["average_invoice"] = money / out["frequency"]
    out["units"] = of["left"].sum()
    out["lines"] = of.size()
    out["products"] = of["code"].nunique()
    out["lines_per_invoice"] = out["lines"] / out["frequency"]
    out["tenure"] = (as_of - bills["date"].min()).dt.days
    days = invoices[["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
    gaps = days.groupby("customer")["date"].diff().dt.days.groupby(days["customer"])
    out["gap_mean"], out["gap_sd"] = gaps.mean(), gaps.std()
    blocks = bills[["date", "amount"]].apply(monthly, as_of)
    out[blocks.columns] = blocks
    value = (-cancellations["quantity"] * cancellations["price"]).groupby(cancellations["customer"]).sum() / 10_000
    value = value.reindex(out.index, fill_value=0)
    count = cancellations.groupby("customer")["invoice"].nunique().reindex(out.index, fill_value=0)
    out["return_value_rate"] = value / (money + value)
    out["return_count_rate"] = count / (count + out["frequency"])
    out["weekend_share"] = bills["weekend"].mean()
    out["office_share"] = bills["office"].mean()
    spent = sales.groupby(["customer", "country"])["amount"].sum().reset_index()
    spent = spent.sort_values(["customer", "amount", "country"], ascending=[True, False, True])
    out["country"] = spent.groupby("customer")["country"].first()
    out["median_units"] = of["left"].median()
    bought = sales.groupby(["customer", "code"])["date"].nunique()
    out["rebought_share"] = (bought >= 2).groupby("customer").mean()
    return out.sort_index().reset_index()


def main():
    source, as_of, path = sys.argv[1:4]
    as_of = pd.Timestamp(as_of)
    sales, cancellations = rules(read(source, as_of))
    features(match(sales, cancellations), cancellations, as_of).to_feather(path, compression="uncompressed")


if __name__ == "__main__":
    main()
