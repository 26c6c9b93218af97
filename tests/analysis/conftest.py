"""Tests of this app hand jobs to the real test broker and do them in this process with ``work``."""

import pytest

from analysis.services import predictions, training
from cases import blobs


@pytest.fixture(autouse=True)
def _fresh_models():
    """Classifiers that an earlier test loaded are not those of this one."""
    predictions._loaded.clear()


@pytest.fixture(scope="session")
def drawn_charts():
    """Charts of one evaluation, drawn once: drawing is most of the time of a small training."""
    return {}


@pytest.fixture(autouse=True)
def _draw_charts_once(request, monkeypatch, drawn_charts):
    """Trainings of one size share their charts; the first draws them, as does one after a deletion."""
    real = training._charts

    def charts(trained, rows):
        key = repr((trained.cross_validated.labels, len(rows), trained.held_out is None))
        known = drawn_charts.get(key, {})
        if not known or not all(blobs.exists(d) for themes in known.values() for d in themes.values()):
            drawn_charts[key] = real(trained, rows)
        return drawn_charts[key]

    monkeypatch.setattr(training, "_charts", charts)
