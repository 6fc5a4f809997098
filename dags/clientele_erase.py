"""
### Forget a customer, with an approval

By hand only. One person asks, another approves:

1. Write the customers' ids, one a line, to the object `requests/<request>.txt` below the root. Name it after the ticket, never after
   the customer. `gcloud storage cp keys.txt gs://…/requests/ticket-4711.txt`
2. Trigger with the Param *Request* alone. `plan` changes nothing; its log lists every object and table that holds the customers,
   and its last line is the plan's digest.
3. Whoever approves reads that, and triggers again with the same *Request*, and the digest as *Approved plan*. `erase` carries out that
   plan and no other, deletes the request, and `receipt` says what was done and what is left for a person.

The ids are in the bucket only: no Param, XCom, log, argument or pod has one. Without a *Request*, it is about those who were forgotten
before: what steps at work have left, and what a retention has kept until now.

**If `erase` fails** with cause `plan_changed`, something has been written since, or the request was changed: look at the new plan.
Exit code 75: another erasure is at work. Exit code 78 with cause `left`: all is done but for what the bucket keeps until the day that the
message names. A task that was killed can be cleared: it goes on where it was.
"""

# Airflow reads only files that have the words "airflow" and "dag" in them; everything of its own comes by compat.
from clientele import branches, params, steps
from clientele.begin import begin
from clientele.compat import DAG
from clientele.config import Deployment


def build(d: Deployment) -> DAG:
    """The DAG of a deployment."""
    with DAG(
        dag_id=d.dag_id("clientele_erase"),
        description="Forgets customers everywhere, once a person has approved the plan",
        doc_md=__doc__,
        schedule=None,
        params=params.erase(),
        tags=steps.tags(d, "registry"),
        **steps.dag_args(d),
    ) as dag:
        approved = branches.approved()
        plan = steps.erase(d, "plan")
        erase = steps.erase(d, "erase", approved="{{ params.approved or '' }}")

        begin(d) >> approved >> [plan, erase]
        branches.receipt(erase.output)
    return dag


for d in Deployment.every():
    dag = globals()[d.dag_id("clientele_erase")] = build(d)
