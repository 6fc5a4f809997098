"""
### From raw lines to promoted, scored segments

Every Monday, by hand, and when `clientele_drift` asks for a new model.

`ingest` reads the delivery, `preprocess` cleans it and builds customers, `drift` compares them with those that the champion was
trained on, `train` makes a candidate, `evaluate` checks it against the gates, `promote` makes it the champion or not, `score`
assigns every customer to a segment, `explore` tells personal, bulk and reseller purchases apart, `recommend` lists what to offer to whom, `predict` forecasts orders and spending,
`measure` says what a campaign could prove and reads those that are due, `audience` puts customers on lists,
`report` writes a page, and `message`, if the deployment wants it, sends what the run came to. A candidate that fails is not an error: the champion stays. If drift
says that the data are broken (`fix_data`), nothing is promoted or scored, and what reads the scores is skipped; the report is written, and the run fails.

**By hand:** *Trigger*, fill in what differs, leave the rest. *As of* is the day that counts as today.

**If a task fails,** an ERROR line in its log says why, and whether a retry helps. Partial output is never visible: clear the task
once the cause is fixed. Steps that were already done finish immediately.

| it says | do |
| --- | --- |
| `ingest` exit code 65 (bad_data) | the delivery is broken; the message lists the most common reasons. Request it again, or correct the Params |
| `ingest` Waited for the source since … | the delivery has not arrived. Clear the task when it has |
| `begin` Params: … | Params contradict each other; all problems are listed. Correct them and trigger again |
| exit code 64 (usage) | a Param is invalid; all problems are listed. Correct it and trigger again |
| exit code 66 (missing) | an earlier step has no output in this run: clear that step |
| exit code 78 (config) | a permission or setting is missing; the message names the object |
| out of memory | raise the step's memory (`CLIENTELE_RESOURCES`), then clear the task |
| `segments_are_there` exit code 65, cause fix_data | the data changed, not the customers: `score` was skipped, and segments of earlier runs, if any, remain. Correct the delivery, then trigger a new run |
| `segments_are_there` there is no current model | no candidate has ever passed the gates: the report has gate, value and limit |
| a task stays *scheduled* | the pool `clientele_pointers` is missing: create it with one slot |
"""

# Airflow reads only files that have the words "airflow" and "dag" in them; everything of its own comes by compat.
from clientele import assets, branches, params, steps
from clientele.begin import begin
from clientele.compat import DAG, TaskGroup, cron_or_asset
from clientele.config import Deployment
from clientele.message import message


def build(d: Deployment) -> DAG:
    """The DAG of a deployment."""
    with DAG(
        dag_id=d.dag_id("clientele_segmentation"),
        description="From raw lines to promoted and scored segments",
        doc_md=__doc__,
        schedule=cron_or_asset("0 6 * * MON", d.zone, assets.new_model_wanted(d)),
        params={**params.run(), **params.delivery(d), **params.cleaning(), **params.model(), **params.use()},
        tags=steps.tags(d, "segments"),
        **steps.dag_args(d),
    ) as dag:
        with TaskGroup("data", tooltip="From the delivery to customers"):
            ingest = steps.ingest(d)
            preprocess = steps.step(d, "preprocess")
        with TaskGroup("model", tooltip="A candidate, and whether it becomes the champion"):
            drift = steps.step(d, "drift")
            train = steps.step(d, "train")
            evaluate = steps.step(d, "evaluate")
            promote = steps.step(d, "promote")
            data_are_sound = branches.sound_data_go_on(drift.output)
            model_in_force = branches.model_in_force(promote.output)
        with TaskGroup("use", tooltip="Segments for people"):
            score = steps.step(d, "score")
            explore = steps.step(d, "explore")
            recommend = steps.step(d, "recommend")
            predict = steps.step(d, "predict")
            measure = steps.step(d, "measure")
            audience = steps.step(d, "audience")
            publish = steps.publish(d)
            report = steps.report(d, trigger_rule="none_failed")  # also if score and what reads it was skipped
            segments_are_there = branches.segments_are_there(drift.output, promote.output)

        begin(d) >> ingest >> preprocess >> drift >> train >> evaluate >> promote
        promote >> model_in_force >> score >> [explore, recommend, predict] >> measure >> audience >> report >> segments_are_there
        data_are_sound >> score
        audience >> publish >> segments_are_there
        if d.message:
            message(d, segments_are_there)
    return dag


for d in Deployment.every():
    dag = globals()[d.dag_id("clientele_segmentation")] = build(d)
