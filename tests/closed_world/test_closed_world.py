"""Lists that must be complete: whoever adds a field, state, job, topic or command says here what it is."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.db import models

from analysis import enums as analysis_enums
from cases import enums as case_enums
from medweb.accounts import models as account_models
from medweb.audit.models import AuditEvent
from medweb.jobs import models as job_models
from medweb.jobs.registry import QUEUES, chores, kinds
from medweb.live.topics import known

ROOT = Path(__file__).resolve().parents[2]
OURS = {"medweb", "cases", "analysis"}

# --- fields -----------------------------------------------------------------------------------------------

# Fields of these types hold no text that a person could have typed.
PLAIN_TYPES = (
    models.AutoField, models.IntegerField, models.FloatField, models.BooleanField, models.DateTimeField,
    models.ForeignKey, models.ManyToManyField,
)  # fmt: skip

# Text-like fields that say nothing about a person, and why one may believe it.
SAFE = {
    "accounts.User": {"password": "salted hash"},
    "accounts.ApiToken": {"digest": "hash of a random key", "hint": "seven characters of a random key"},
    "audit.AuditEvent": {
        "verb": "written in code", "subject_type": "model name", "subject_id": "primary key",
        "details": "names of fields and counts, never values",
    },
    "jobs.Job": {
        "kind": "registered name", "queue": "registered name", "params": "ids", "key": "kind and id",
        "topics": "names and ids", "stage": "written in code", "error": "written in code", "result": "ids",
    },
    "cases.Term": {
        "code": "terminology", "display": "terminology, shared by all cases", "language": "tag of a language",
    },
    "cases.TermStart": {"start": "terminology, shared by all cases"},
    "cases.TermWord": {"word": "terminology, shared by all cases", "language": "tag of a language"},
    "cases.CaseReference": {"text": "a publication", "doi": "a publication"},
    "cases.Case": {
        "keywords": "words of the subject", "source": "publication or licence",
        "patient_key": "keyed hash", "origin": "keyed hash", "language": "tag of a language",
        "review_due_on": "a day that an editor sets",
    },
    "cases.CaseReview": {"fulfilled": "names of questions"},
    "cases.CaseVersion": {"status": "closed list"},
    "cases.CaseLabel": {"colour": "number of a colour"},
    "cases.Collection": {
        "title": "words of the subject", "slug": "from the title", "description": "words of the subject",
    },
    "cases.CollectionItem": {"label": "class for training"},
    "cases.Section": {"title": "words of the subject"},
    "cases.ClearanceReview": {"boxes": "numbers and keys"},
    "cases.NoticeSetting": {"muted": "closed list"},
    "cases.Series": {
        "series_uid": "pseudonym", "study_uid": "pseudonym", "patient_key": "keyed hash",
        "frame_of_reference": "pseudonym", "notes": "codes", "study_date": "shifted",
        "uptake_problem": "closed list",
    },
    "cases.Instance": {
        "sop_uid": "pseudonym", "digest": "hash", "arrived_digest": "hash", "suspicion": "codes",
        "boxes": "numbers and the word for who drew them",
    },
    "cases.Frame": {
        "digest": "hash", "preview_digest": "hash", "dtype": "closed list", "unit": "from a closed list",
        "pixel_spacing": "numbers", "position": "numbers", "orientation": "numbers",
        "voi_function": "closed list",
        "laterality": "closed list", "view": "closed list", "sides": "letters of directions",
    },
    "cases.Upload": {
        "storage_key": "random", "kind": "decided by content", "code": "written in code",
        "sentence": "written in code, without names or values", "removed": "counts of actions",
        "report": "keywords of the standard and counts",
        "inside": "numbers, codes, sentences written in code",
        "so_far": "numbers, codes, keywords of the standard, sentences written in code",
    },
    "analysis.Analysis": {"settings_digest": "hash", "pictures": "names, digests, sizes"},
    "analysis.AnalysisRegion": {"shape_id": "random", "kind": "closed list"},
    "analysis.FeatureVector": {
        "image_digest": "hash", "region_digest": "hash", "settings_digest": "hash", "values": "numbers",
    },
    "analysis.TrainingRun": {
        "algorithms": "closed list", "manifest": "ids, digests, class labels", "manifest_digest": "hash",
        "left_out": "counts", "code_version": "version", "environment": "versions",
    },
    "analysis.ModelVersion": {
        "settings_digest": "hash", "feature_names": "written in code", "labels": "classes for training",
        "metrics": "numbers", "charts": "digests", "importance": "numbers", "file_digest": "hash",
    },
    "analysis.Overlay": {"label": "class for training", "outlines": "numbers", "digest": "hash"},
    "analysis.Prediction": {
        "label": "class for training", "probabilities": "numbers", "explanation": "numbers",
    },
}  # fmt: skip


def our_models():
    return [m for m in apps.get_models() if m.__module__.partition(".")[0] in OURS]


@pytest.mark.parametrize("model", our_models(), ids=lambda m: m._meta.label)
def test_every_field_is_personal_or_safe(model):
    personal = set(model.personal_fields)
    fields = {f.name: f for f in model._meta.get_fields() if f.concrete and not f.auto_created}
    assert personal <= set(fields), "personal_fields names fields that do not exist"
    textual = {
        name
        for name, f in fields.items()
        if not isinstance(f, PLAIN_TYPES) and not getattr(f, "choices", None)
    }
    safe = set(SAFE.get(model._meta.label, {}))
    assert not personal & safe
    assert textual - personal == safe


def test_the_list_of_safe_fields_names_no_model_that_is_gone():
    assert set(SAFE) <= {m._meta.label for m in our_models()}


# --- states and choices -----------------------------------------------------------------------------------

MOVES = {
    case_enums.CaseStatus: case_enums.CASE_MOVES,
    case_enums.UploadState: case_enums.UPLOAD_MOVES,
    case_enums.AnnotationStatus: case_enums.ANNOTATION_MOVES,
    case_enums.ReadingStage: case_enums.READING_MOVES,
    case_enums.CaseReviewState: case_enums.CASE_REVIEW_MOVES,
    case_enums.ReviewState: case_enums.REVIEW_MOVES,
    case_enums.Clearance: case_enums.CLEARANCE_MOVES,
    job_models.State: job_models.ALLOWED_MOVES,
    analysis_enums.ModelState: analysis_enums.MODEL_MOVES,
}
# Lists of names: nothing moves from one to another.
PLAIN = {
    case_enums.CaseSection, case_enums.ReviewQuestion,
    account_models.Role, case_enums.Modality, case_enums.BodyRegion, case_enums.Level, case_enums.Visibility,
    case_enums.Split, case_enums.TermSystem, case_enums.OrganSystem, case_enums.AgeBand,
    case_enums.PatientSex, case_enums.Certainty, case_enums.Licence, analysis_enums.RegionSource,
    analysis_enums.LabelSource, analysis_enums.Algorithm, case_enums.RemarkKind,
    case_enums.NoticeKind, case_enums.Digest, analysis_enums.Imbalance, analysis_enums.FeatureSet,
}  # fmt: skip


def our_modules():
    """Every module of the project but migrations, entry points and what belongs to the worker alone."""
    for name in sorted(OURS):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations" not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def test_every_enumeration_has_moves_or_is_plain():
    found = {
        value
        for module in our_modules()
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, models.Choices)
        and value.__module__.partition(".")[0] in OURS
    }
    assert found == set(MOVES) | PLAIN


@pytest.mark.parametrize("states", MOVES, ids=lambda e: e.__name__)
def test_every_state_has_its_moves_and_can_be_reached(states):
    moves = MOVES[states]
    assert set(moves) == set(states.values)
    for start, ends in moves.items():
        assert ends <= set(states.values)
        assert start not in ends
    first = next(iter(states.values))
    reached, edge = {first}, [first]
    while edge:
        new = moves[edge.pop()] - reached
        reached |= new
        edge += new
    assert reached == set(states.values)


# --- jobs, topics, chores, commands -----------------------------------------------------------------------


def test_job_kinds():
    # Loading the apps' tasks is what the worker does.
    for name in ("cases.tasks", "analysis.tasks", "medweb.jobs.tasks"):
        importlib.import_module(name)
    assert {name: (kind.queue, kind.minutes) for name, kind in kinds().items()} == {
        "cases.clean-uploads": ("import", 60),
        "cases.black-out": ("import", 60),
        "cases.load-sample-library": ("sample", 30),
        "analysis.analyse-case": ("analysis", 10),
        "analysis.train": ("train", 60),
        "analysis.predict-collection": ("train", 60),
    }
    assert {kind.queue for kind in kinds().values()} <= set(QUEUES)


def test_live_topics():
    assert known() == {"case", "job", "jobs", "training", "user"}


def test_housekeeping_chores():
    assert {f"{chore.__module__}.{chore.__name__}" for chore in chores()} == {
        "cases.tasks.expire_uploads",
        "cases.tasks.expire_unfinished_uploads",
        "cases.tasks.expire_raw_files",
        "cases.tasks.queue_waiting_uploads",
        "cases.tasks.expire_workspaces",
        "cases.tasks.delete_unnamed_blobs",
        "cases.tasks.send_digests",
        "cases.tasks.expire_notices",
        "cases.tasks.remind_of_due_cases",
    }


def test_management_commands():
    ours = {name for name, app in get_commands().items() if str(app).partition(".")[0] in OURS}
    assert ours == {"grant_role", "import_dataset", "import_images", "load_sample_library", "load_terms"}


# --- the audit trail --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_audit_events_are_written_once():
    event = AuditEvent.objects.create(verb="x", subject_type="y", subject_id="1")
    event.verb = "changed"
    with pytest.raises(TypeError, match="never changed"):
        event.save()
    with pytest.raises(TypeError, match="never deleted"):
        event.delete()
    assert not [f for f in AuditEvent._meta.get_fields() if f.is_relation]


SERVICES = ("cases.services", "analysis.services", "medweb.accounts.services", "medweb.jobs.services")
# Verbs with ``by`` that record nothing themselves, and where it is recorded.
RECORDED_ELSEWHERE = {
    "cases.services.case_reviews.approve": "make_public",
    "cases.services.cases.publish_case": "make_public",
    "cases.services.snapshots.keep": "the save it belongs to",
    "analysis.services.analyses.request": "job.ask, by the queue",
    "cases.services.credits.take": "case.create or case.update, with the names of the rows",
    "cases.services.credits.write": "case.create or case.update, with the names of the rows",
    "cases.services.terms.term_for": "case.create or case.update, with the field",
    "cases.services.desk.approve": "series.approve-clearance or series.propose-clearance, with the state",
    "cases.services.desk.confirm": "series.approve-clearance, with the job",
    "cases.services.desk.save_boxes": "series.mark, with the boxes",
    "cases.services.desk.withdraw": "series.withdraw-clearance, with the state",
    "cases.services.notices.read": "nowhere: what somebody has read is nobody else's business",
    "cases.services.notices.read_all": "nowhere: what somebody has read is nobody else's business",
    "cases.services.notices.tell": "with the act it tells of",
    "cases.services.receiving.append": "upload.receive, when the last byte is here",
    "cases.services.receiving.arrived": "upload.receive, when the last byte is here",
    "cases.services.receiving.receive": "upload.receive, with the row",
    "cases.services.uploads.queue": "job.ask, by the queue",
    "cases.services.uploads.queue_case": "job.ask, by the queue",
    "cases.services.uploads.cancel": "upload.cancel, file by file",
    "cases.services.datasets.import_dataset": "case.import, row by row",
    "cases.services.imports.import_images": "case.create, case by case",
    "cases.services.regions.attach": "annotation.import, series by series",
    "cases.services.regions.draw": "annotation.import, series by series",
}


def test_every_service_verb_leaves_a_trace():
    """Public verbs that take ``by`` call ``record``, or are listed with what records them."""
    silent = set()
    for module in our_modules():
        if not module.__name__.startswith(SERVICES):
            continue
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            plain = inspect.unwrap(function)
            if "by" not in inspect.signature(plain).parameters or name.startswith("check_"):
                continue
            if not re.search(r"\brecord\(", inspect.getsource(plain)):
                silent.add(f"{module.__name__}.{name}")
    assert silent == set(RECORDED_ELSEWHERE)


# --- what the web process loads ---------------------------------------------------------------------------


def test_the_web_process_starts_without_the_heavy_libraries():
    code = (
        "import sys, django; django.setup(); import medweb.urls, medweb.asgi;"
        "from django.urls import get_resolver; get_resolver().reverse_dict;"
        "print([m for m in ('sklearn', 'matplotlib', 'torch', 'skops', 'scipy.stats', 'monai', 'highdicom')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_arrows_between_packages():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout


# --- views and templates ----------------------------------------------------------------------------------


def test_no_view_starts_from_all_rows():
    """``.objects.all()`` in a view or the API would show what is not for this reader."""
    found = []
    for path in [*ROOT.glob("*/views/*.py"), *ROOT.glob("*/api/*.py"), *ROOT.glob("medweb/*/[av]*.py")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"\.objects\.all\(\)", line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|\shx-on|javascript:"
    r"|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>",
    re.IGNORECASE,
)
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}", re.DOTALL)


def test_templates_hold_no_inline_script_or_style():
    templates = sorted((ROOT / "templates").rglob("*.html"))
    assert templates
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in templates
        for match in INLINE.finditer(COMMENT.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ['<p style="x">', "<script>1</script>", '<a onclick="x">', "<STYLE>", '<a href="javascript:x">']
)
def test_the_guard_sees_what_it_guards_against(text):
    assert INLINE.search(text)
