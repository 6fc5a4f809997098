"""
### Have the customers moved?

Every morning, and by hand. `ingest` and `preprocess` produce this morning's customers, `drift` compares them with the
baseline, the customers that the champion was trained on, and its *act* decides:

| act | what follows |
| --- | --- |
| `none`, `wait` | nothing |
| `refit`, `retrain` | `ask_for_new_model` starts `clientele_segmentation`, unless the champion has a later as-of than this run, or a rollback has put promotions on hold |
| `fix_data` | `data_are_sound` fails: the data is wrong, the customers did not change. Nothing is retrained |

A new model is asked for once two of three as-of dates a week apart say that the champion no longer fits, and not again of
the same champion within 28 days; `fix_data` acts at once. A person who knows better accepts a check by its code, with the
Param *Accepted findings*.

Drift is not a failure, and neither is a missing champion: in both cases the run succeeds.

**If `data_are_sound` fails,** its log line and drift's result (XCom of `drift`) say which column is broken, and on
which day. Request the delivery again; the next run ingests it. **If another task fails,** see the table of
`clientele_segmentation`.
"""

# Airflow reads only files that have the words "airflow" and "dag" in them; everything of its own comes by compat.
from clientele import branches, params, steps
from clientele.begin import begin
from clientele.compat import DAG, cron
from clientele.config import Deployment


def build(d: Deployment) -> DAG:
    """The DAG of a deployment."""
    with DAG(
        dag_id=d.dag_id("clientele_drift"),
        description="Compares this morning's customers with those of the current model",
        doc_md=__doc__,
        schedule=cron("0 5 * * *", d.zone),
        params={**params.run(), **params.delivery(d), **params.cleaning()},
        tags=steps.tags(d, "drift"),
        **steps.dag_args(d),
    ) as dag:
        ingest = steps.ingest(d)
        preprocess = steps.step(d, "preprocess")
        drift = steps.step(d, "drift")
        data_are_sound = branches.data_are_sound(drift.output)
        asks_for_new_model = branches.asks_for_new_model(drift.output)
        ask_for_new_model = branches.ask_for_new_model(d)(drift.output)

        begin(d) >> ingest >> preprocess >> drift >> [data_are_sound, asks_for_new_model]
        asks_for_new_model >> ask_for_new_model
    return dag


for d in Deployment.every():
    dag = globals()[d.dag_id("clientele_drift")] = build(d)
