"""
### Roll back to an earlier model

By hand only. `rollback` goes back to the model before the current one, or to the *Model* you name; `score` assigns
the customers of the last run to its segments; `report` writes the page again. Segment ids keep their meaning: the old
model's ids come back, and the ids of the replaced model are never used for another segment.

**Which models were there?** `registry history` lists them; so does the report of any run.

**If a task fails,** an ERROR line in its log says why. `rollback` exit code 66 (missing): that model was never the champion, or
there is no model before the current one. Clearing `rollback` does not roll back a second time; a new run does.

Afterwards promotions are on hold: `clientele_segmentation` still trains and evaluates on Monday, but keeps this model, and
`clientele_drift` asks for no new one. The hold ends on the day *Hold until*, or when somebody runs `registry unfreeze`.
"""

# Airflow reads only files that have the words "airflow" and "dag" in them; everything of its own comes by compat.
from clientele import branches, params, steps
from clientele.begin import begin
from clientele.compat import DAG
from clientele.config import Deployment


def build(d: Deployment) -> DAG:
    """The DAG of a deployment."""
    with DAG(
        dag_id=d.dag_id("clientele_rollback"),
        description="Makes an earlier model current again and scores the last customers with it",
        doc_md=__doc__,
        schedule=None,
        params={**params.run(), **params.rollback()},
        tags=steps.tags(d, "registry"),
        **steps.dag_args(d),
    ) as dag:
        last_run = "{{ ti.xcom_pull(task_ids='rollback')['run'] }}"

        rollback = steps.rollback(d)
        scored_before = branches.scored_before(rollback.output)
        score = steps.step(d, "score", from_run=last_run)
        publish = steps.publish(d, from_run=last_run)
        report = steps.report(d, from_run=last_run)

        begin(d) >> rollback >> scored_before >> score >> [publish, report]
    return dag


for d in Deployment.every():
    dag = globals()[d.dag_id("clientele_rollback")] = build(d)
