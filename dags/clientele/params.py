"""What a person may set when triggering a run: typed, titled, in sections, checked before anything starts.

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
            description="The day that counts as today, in the shop's zone. Empty: the day of the run.",
            section="Run",
        ),
        "allow_future_as_of": Param(
            False,
            type="boolean",
            title="Allow a future as-of",
            description="Accept an as-of after the day of the run. Later runs promote nothing until that day has come.",
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
            description="The delivery, as ingest's --source reads it. {as_of} is replaced by the run's day.",
            **section,
        ),
        "source_name": Param(
            "shop",
            type="string",
            pattern=r"^[a-z0-9][a-z0-9_-]{0,62}\Z",
            title="Name of the source",
            description="A delivered day replaces that day of the same name.",
            **section,
        ),
        "mode": Param(
            "replace",
            enum=["replace", "append"],
            type="string",
            title="Mode",
            description="replace: a delivered day replaces that day. append: it is added to that day.",
            **section,
        ),
        "columns": Param(
            None,
            type=["null", "string"],
            title="Columns",
            description="Columns of unknown names as field=column, such as invoice=Bill,price=Cost.",
            **section,
        ),
        "date_layout": Param(
            "2006-01-02 15:04:05",
            type="string",
            minLength=1,
            title="Date layout",
            description="How every date is written, in Go's way: 02/01/2006 15:04 has the day first.",
            **section,
        ),
        "encoding": Param("utf-8", enum=["utf-8", "iso-8859-1"], type="string", title="Encoding of the text", **section),
        "separator": Param(
            "comma", enum=["comma", "semicolon", "tab", "pipe"], type="string", title="Sign between fields", **section
        ),
        "decimal": Param("point", enum=["point", "comma"], type="string", title="Sign before decimals", **section),
        "sheet": Param(
            None,
            type=["null", "string"],
            title="Sheet",
            description="Of a workbook. Empty: all; of a day in two sheets the later sheet counts.",
            **section,
        ),
        "max_quarantine_share": Param(
            0.02,
            type="number",
            minimum=0,
            maximum=1,
            title="Most records that may be broken",
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
            description="A source that is not there yet is looked for again until then; after that the task fails.",
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
            description="How many days before the as-of day are looked at, or all.",
            **section,
        ),
        "rules": Param(
            None,
            type=["null", "string"],
            pattern=r"^([+-][a-z_]+(,[+-][a-z_]+)*)?\Z",
            title="Rules",
            description="Switches on top of the default rules, such as +duplicate,-guest.",
            **section,
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
            description="0 chooses by the elbow among the numbers below.",
            **section,
        ),
        "k_min": Param(2, **INTEGER, minimum=1, maximum=50, title="Fewest segments tried", **section),
        "k_max": Param(10, **INTEGER, minimum=1, maximum=50, title="Most segments tried", **section),
        "hysteresis": Param(
            0.1,
            type="number",
            minimum=0,
            maximum=1,
            title="Hysteresis",
            description="How much nearer another segment must be before a customer moves, as a share of the old distance.",
            **section,
        ),
    }


def rollback() -> dict[str, Param]:
    """Which model comes back."""
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
            description="No other model is promoted by runs before this day. Empty: until somebody runs `registry release`.",
            **section,
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="For the history.",
            **section,
        ),
    }
