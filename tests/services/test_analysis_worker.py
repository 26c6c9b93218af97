"""An analysis survives the violent end of its worker: one result, not none and not two."""

import json

import pytest

from tests.support import LiveApp

pytestmark = pytest.mark.broker

SEED = """
import json, numpy as np
from analysis.services import analyses
from tests.analysis.building import a_case, add_series, box, layer, person
author = person("kill-author", "instructor")
case = a_case(author)
pixels = np.random.default_rng(0).integers(0, 255, (512, 512)).astype(np.uint8)
series = add_series(case, [pixels])
layer(series, author, [box(n, n, n + 300, n + 300) for n in range(80)])
print(json.dumps([case.pk, analyses.request(case=case, by=author).pk]))
"""

WAIT = """
from medweb.jobs.models import Job
from tests.support import wait_until
def reached():
    row = Job.objects.get(pk={job})
    return {condition}
wait_until(reached, seconds={seconds}, what="job {job}: {condition}", failed=lambda: None)
row = Job.objects.get(pk={job})
from analysis.models import Analysis, AnalysisRegion
found = Analysis.objects.filter(job_id={job})
import json
print(json.dumps([row.state, row.attempt, row.error, found.count(),
                  AnalysisRegion.objects.filter(analysis__in=found).count()]))
"""

# In the process that looks, because by the time another one hears of it the analysis may be over.
KILL = """
import os, signal
from medweb.jobs.models import Job
from tests.support import wait_until
def reached():
    row = Job.objects.get(pk={job})
    return row.progress > 0.35 or not row.is_active
wait_until(reached, seconds=60, what="job {job} is under way", failed=lambda: None)
os.killpg({group}, signal.SIGKILL)
"""


def test_a_worker_killed_in_the_middle_costs_an_attempt_not_the_result(live_app: LiveApp):
    _case, job = json.loads(live_app.python(SEED).splitlines()[-1])
    live_app.python(KILL.format(job=job, group=live_app.group("worker")))
    live_app.stop("worker", kill=True)
    live_app.start_worker()
    said = live_app.python(WAIT.format(job=job, condition="not row.is_active", seconds=150))
    state, attempt, error, analyses, regions = json.loads(said.splitlines()[-1])
    assert (state, error) == ("done", "")
    assert attempt == 2, "the worker was not killed in the middle: make the analysis longer"
    assert (analyses, regions) == (1, 81)
