"""An analysis survives the violent end of its worker: one result, not none and not two."""

import json

import pytest

from tests.support import LiveApp

pytestmark = pytest.mark.broker

SEED = """
import os, signal, numpy as np
from analysis.services import analyses
from tests.analysis.building import a_case, add_series, box, layer, person
from tests.support import wait_until
author = person("kill-author", "instructor")
case = a_case(author)
pixels = np.random.default_rng(0).integers(0, 255, (512, 512)).astype(np.uint8)
series = add_series(case, [pixels])
layer(series, author, [box(n, n, n + 300, n + 300) for n in range(80)])
row = analyses.request(case=case, by=author)
def under_way():
    row.refresh_from_db()
    return row.state != "queued"
wait_until(under_way, what="the analysis begins")
os.killpg({group}, signal.SIGKILL)
print(row.pk)
"""

WAIT = """
from medweb.jobs.models import Job
from tests.support import wait_until
def reached():
    row = Job.objects.get(pk={job})
    return {condition}
wait_until(reached, seconds={seconds}, what="job {job}: {condition}")
row = Job.objects.get(pk={job})
from analysis.models import Analysis, AnalysisRegion
found = Analysis.objects.filter(job_id={job})
import json
print(json.dumps([row.state, row.attempt, row.error, found.count(),
                  AnalysisRegion.objects.filter(analysis__in=found).count()]))
"""


def test_a_worker_killed_in_the_middle_costs_an_attempt_not_the_result(live_app: LiveApp):
    # One process asks, watches and kills: by the time a second one had started, the analysis was over.
    job = int(live_app.python(SEED.format(group=live_app.group("worker"))).splitlines()[-1])
    live_app.stop("worker", kill=True)
    live_app.start_worker()
    said = live_app.python(WAIT.format(job=job, condition="not row.is_active", seconds=150))
    state, attempt, error, analyses, regions = json.loads(said.splitlines()[-1])
    assert (state, error) == ("done", "")
    assert attempt == 2, "the worker was not killed in the middle: make the analysis longer"
    assert (analyses, regions) == (1, 81)
