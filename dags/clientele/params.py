"""The Params of the trigger form: typed, titled, in sections, checked before anything starts.

A Param that is named like a flag is passed on as that flag, and has its default unless the deployment says otherwise. One
that may stay empty is null and not "": Airflow 3's form asks for every text that is not nullable, and its Trigger stays grey.
Patterns end with \\Z: $ accepts a line end after the text.
"""

from __future__ import annotations

from clientele.compat import Param
from clientele.config import Deployment

# In drafts after the fourth 3.0 is an integer too, which no program accepts.
INTEGER = {"type": "integer", "$schema": "http://json-schema.org/draft-04/schema#"}


def run() -> dict[str, Param]:
    """What every DAG has."""
    return {
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description="The date to use as today, in the shop's time zone. Empty: the day of the run.",
            section="Run",
        ),
        "allow_future_as_of": Param(
            False,
            type="boolean",
            title="Allow a future as-of",
            description="Accept an as-of after the day of the run. Until that day, runs with an earlier as-of promote nothing.",
            section="Run",
        ),
    }


def delivery(d: Deployment) -> dict[str, Param]:
    """What ingest reads, and how."""
    section = {"section": "Delivery"}
    return {
        "source": Param(
            d.source or None,
            type=["null", "string"],
            title="Source",
            description="The delivery, as ingest's --source reads it. {as_of} is replaced by the run's day, {day} by each day "
            "of the range below.",
            **section,
        ),
        "from": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Of a range of daily files, for {day} in the source.",
            **section,
        ),
        "to": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Of that range.",
            **section,
        ),
        "allow_missing": Param(
            False,
            type="boolean",
            title="Allow missing files",
            description="Pass over files of several that are not there, such as those of days on which the shop was closed.",
            **section,
        ),
        "chunk": Param(
            0,
            **INTEGER,
            minimum=0,
            title="Files at a time",
            description="Store so many files of several as a delivery of their own, so that a run that fails continues where it "
            "ended. 0 stores all at once.",
            **section,
        ),
        "source_name": Param(
            "shop",
            type="string",
            pattern=r"^[a-z0-9][a-z0-9_-]{0,62}\Z",
            title="Name of the source",
            description="A delivered day replaces that day of the same source.",
            **section,
        ),
        "mode": Param(
            "replace",
            enum=["replace", "append", "everything"],
            type="string",
            title="Mode",
            description="replace: a delivered day replaces the stored day. append: its lines are added to it. "
            "everything: what is not delivered goes.",
            **section,
        ),
        "columns": Param(
            None,
            type=["null", "string"],
            title="Columns",
            description="Columns that are not recognised, as field=column, such as invoice=Bill,price=Cost; "
            "region=County names a region beside the country.",
            **section,
        ),
        "profile": Param(
            None,
            type=["null", "string"],
            title="Profile",
            description="A file with the shop's profile, in TOML: a path in the image or a gs:// or https:// URL.",
            **section,
        ),
        "preset": Param(
            "auto",
            type="string",
            minLength=1,
            title="Preset",
            description="The known export whose columns the delivery has, such as shopify. auto: by its header.",
            **section,
        ),
        "date_layout": Param(
            "auto",
            type="string",
            minLength=1,
            title="Date layout",
            description="The layout of dates in Go's notation: 02/01/2006 15:04 has the day first. auto: the one that fits.",
            **section,
        ),
        "encoding": Param(
            "auto",
            enum=["auto", "utf-8", "cp1252", "iso-8859-1"],
            type="string",
            title="Text encoding",
            **section,
        ),
        "separator": Param(
            "auto",
            enum=["auto", "comma", "semicolon", "tab", "pipe"],
            type="string",
            title="Field separator",
            **section,
        ),
        "decimal": Param("auto", enum=["auto", "point", "comma"], type="string", title="Decimal separator", **section),
        "sheets": Param(
            "auto",
            enum=["auto", "add", "latest"],
            type="string",
            title="Sheets",
            description="add: each sheet has lines of its own. latest: a day in two sheets is the later sheet's.",
            **section,
        ),
        "sheet": Param(
            None,
            type=["null", "string"],
            title="Sheet",
            description="The sheet of a workbook. Empty: all.",
            **section,
        ),
        "rates": Param(
            None,
            type=["null", "string"],
            title="Rates of exchange",
            description="A csv of date, currency, rate, by which lines in other currencies become the shop's: a gs:// or https "
            "URL. Needs CLIENTELE_CURRENCY.",
            **section,
        ),
        "rates_days": Param(
            7,
            type="integer",
            minimum=0,
            title="Days that a rate holds after its day",
            **section,
        ),
        "max_quarantine_share": Param(
            0.02,
            type="number",
            minimum=0,
            maximum=1,
            title="Maximum share of rejected records",
            description="A share, 0 to 1. Above it nothing is ingested, and the task fails with the commonest reasons.",
            **section,
        ),
        "allow_shrink": Param(
            False,
            type="boolean",
            title="Allow a day to shrink",
            description="Accept a day that has over 20 % fewer lines than the stored day.",
            **section,
        ),
        "late_source_hours": Param(
            6,
            type="number",
            minimum=0,
            maximum=72,
            title="Hours to wait for the source",
            description="How long to wait for a source that is not available yet; after that the task fails.",
            **section,
        ),
    }


def cleaning() -> dict[str, Param]:
    """What preprocess keeps."""
    section = {"section": "Cleaning"}
    return {
        "window": Param(
            "365",
            type="string",
            pattern=r"^([1-9][0-9]{0,4}|all)\Z",
            title="Window",
            description="Length of the window before the as-of date in days, or all.",
            **section,
        ),
        "rules": Param(
            None,
            type=["null", "string"],
            pattern=r"^([+-][a-z_]+(,[+-][a-z_]+)*)?\Z",
            title="Rules",
            description="Changes to the default rules, such as +duplicate,-guest.",
            **section,
        ),
        "drift_window": Param(
            90,
            **INTEGER,
            minimum=0,
            maximum=365,
            title="Drift window",
            description="Length in days of the windows that drift compares. 0 makes none.",
            **section,
        ),
        "accept": Param(
            None,
            type=["null", "string"],
            pattern=r"^([a-z_]+(,[a-z_]+)*)?\Z",
            title="Accepted findings",
            description="Codes of findings to accept, such as rule_share or dead_hours. Others that stop keep models from being "
            "promoted.",
            **section,
        ),
    }


def use() -> dict[str, Param]:
    """How people buy, what to offer them, and where the tables go."""
    return {
        "thresholds": Param(
            None,
            type=["null", "string"],
            title="Packs and cartons",
            description="Thresholds that are given, not found: code=pack/carton, separated by semicolons, "
            "such as 85123A=6/32;*=/100.",
            section="Purchases",
        ),
        "sold_within": Param(
            60,
            type="integer",
            minimum=0,
            title="Sold within days",
            description="Suggest only products sold in this many days before the as-of date; 0 suggests all.",
            section="Suggestions",
        ),
        "exclude_products": Param(
            None,
            type=["null", "string"],
            title="Products never suggested",
            description="Location of a text file with one product code a line.",
            section="Suggestions",
        ),
        "include_products": Param(
            None,
            type=["null", "string"],
            title="The only products suggested",
            description="Location of a text file with one product code a line, such as those in stock.",
            section="Suggestions",
        ),
        "hold_out": Param(
            0.1,
            type="number",
            minimum=0,
            maximum=0.9,
            title="Held out",
            description="Share of customers who are on no list and in no campaign. 0 holds nobody out.",
            section="Lists",
        ),
        "lists": Param(
            None,
            type=["null", "string"],
            title="Lists",
            description="Lists in the order in which they take customers, each with its limits, separated by semicolons, "
            "such as late dates=3 deviations=1.5; second_order from=14 to=60. Empty: all, with their defaults.",
            section="Lists",
        ),
        "publish": Param(
            True,
            type="boolean",
            title="Publish",
            description="Copy the tables of the run to BigQuery, if the deployment names a dataset.",
            section="Warehouse",
        ),
    }


def model() -> dict[str, Param]:
    """How train chooses segments."""
    section = {"section": "Segments"}
    return {
        "k": Param(
            0,
            **INTEGER,
            minimum=0,
            maximum=50,
            title="Number of segments",
            description="0 chooses it by the elbow criterion, within the range below.",
            **section,
        ),
        "k_min": Param(2, **INTEGER, minimum=1, maximum=50, title="Minimum number of segments", **section),
        "k_max": Param(10, **INTEGER, minimum=1, maximum=50, title="Maximum number of segments", **section),
        "promote": Param(
            "auto",
            type="string",
            enum=["auto", "force"],
            title="Promote",
            description="auto replaces the current model if drift asks for it or it is old. force does without a reason, "
            "whoever changes segments.",
            **section,
        ),
        "hysteresis": Param(
            0.1,
            type="number",
            minimum=0,
            maximum=1,
            title="Hysteresis",
            description="How much nearer another segment must be for a customer to move, as a share of the old distance.",
            **section,
        ),
        "rfm_grid": Param(
            None,
            type=["null", "string"],
            title="RFM grid",
            description="A file with thresholds and names of your own, in TOML: a path in the image or a gs:// or https:// URL. "
            "Empty: the model's quantiles and the usual names.",
            **section,
        ),
    }


def erase() -> dict[str, Param]:
    """Whose request, and which plan. No Param has a customer's id: Airflow shows them to everybody, and keeps them."""
    section = {"section": "Request"}
    return {
        "request": Param(
            None,
            type=["null", "string"],
            pattern=r"^[a-z0-9][a-z0-9_-]{0,62}\Z",
            title="Request",
            description="The ids are in requests/<request>.txt below the root. Name it after a ticket, never after a customer. "
            "Empty: those who were forgotten before.",
            **section,
        ),
        "approved": Param(
            None,
            type=["null", "string"],
            pattern=r"^[0-9a-f]{64}\Z",
            title="Approved plan",
            description="The digest that the plan's log ends with. Empty: make a plan, and change nothing.",
            **section,
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="Recorded in the receipt and in the history of models. It must not name the customer.",
            **section,
        ),
    }


def rollback() -> dict[str, Param]:
    """Which model to roll back to."""
    section = {"section": "Rollback"}
    return {
        "to_model": Param(
            None,
            type=["null", "string"],
            pattern=r"^[0-9a-f]{64}\Z",
            title="Model",
            description="The model_id to go back to. Empty: the model before the current one.",
            **section,
        ),
        "hold_until": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Hold until",
            description="Runs with an as-of before this day promote no other model. "
            "Empty: until somebody runs registry unfreeze.",
            **section,
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="Recorded in the history.",
            **section,
        ),
    }
