"""Who may call what: every URL name, every method, every role, in one's own world and from another one.

What a cell says is told in :mod:`tests.access.row`.
"""

from tests.access.finding import FINDING
from tests.access.life import LIFE
from tests.access.review import REVIEWS
from tests.access.row import (
    ALL,
    BYTES,
    READ_DRAFT,
    READ_HIDDEN,
    TUS,
    WRITERS,
    Row,
    a_file,
    a_shape,
    analysis,
    arriving,
    batch,
    boxes,
    case_form,
    club,
    collection_form,
    draft,
    failed_job,
    hidden,
    job,
    layer,
    model,
    new_password,
    new_person,
    plane,
    reference,
    series,
    tile,
    token,
    training,
    upload,
    waiting,
    waiting_frame,
)
from tests.access.talk import TALK

CASES = [
    Row("cases:library", "GET", ALL),
    Row("cases:case-create", "GET", WRITERS),
    Row("cases:case-create", "POST", "403 302 403 302", body=case_form),
    Row("cases:case", "GET", args=hidden, **READ_HIDDEN),
    Row("cases:case", "GET", args=draft, **READ_DRAFT),
    Row("cases:case-text", "GET", args=hidden, **READ_HIDDEN),
    Row("cases:case-text", "GET", args=draft, **READ_DRAFT),
    Row("cases:case-citation", "GET", args=lambda w: [*hidden(w), "bib"], **READ_HIDDEN),
    Row("cases:case-citation", "GET", args=lambda w: [*draft(w), "ris"], **READ_DRAFT),
    Row("cases:case-edit", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row("cases:case-edit", "GET", args=draft, **READ_DRAFT),
    Row("cases:case-edit", "POST", "403 302 403 302", "404 404 404 302", args=hidden, body=case_form),
    Row("cases:case-edit", "POST", "404 302 404 302", "404 404 404 302", args=draft, body=case_form),
    Row("cases:case-keep-new", "POST", "403 200 403 200", body=case_form),
    Row("cases:case-keep", "POST", "403 422 403 422", "404 404 404 422", args=hidden, body=case_form),
    Row("cases:case-keep", "POST", "404 200 404 200", "404 404 404 200", args=draft, body=case_form),
    Row("cases:case-preview-new", "POST", "403 200 403 200", body=lambda w: {"text": "*x*"}),
    Row("cases:case-preview", "POST", WRITERS, "404 404 404 200", args=hidden, body=lambda w: {"text": "x"}),
    Row("cases:case-preview", "POST", args=draft, body=lambda w: {"text": "x"}, **READ_DRAFT),
    Row("cases:case-labels", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row("cases:case-labels", "GET", args=draft, **READ_DRAFT),
    Row("cases:case-labels", "POST", "403 302 403 302", "404 404 404 302", args=hidden),
    Row("cases:case-labels", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row("cases:case-publish", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row("cases:case-publish", "POST", "403 refused 403 refused", "404 404 404 refused", args=hidden),
    Row("cases:case-withdraw", "POST", "403 302 403 302", "404 404 404 302", args=hidden),
    Row("cases:case-delete", "POST", "403 302 403 302", "404 404 404 302", args=hidden),
    Row("cases:case-delete", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row(
        "cases:case-put", "POST", "404 302 404 302", "404 404 404 302",
        args=draft, body=lambda w: {"collection": w.club.pk, "label": "sick"},
    ),
    Row(
        "cases:case-put", "POST", "refused 302 refused 302", "404 404 404 302",
        args=hidden, body=lambda w: {"collection": w.club.pk, "label": "sick"},
    ),
    Row("cases:upload-list", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row("cases:upload-list", "GET", args=draft, **READ_DRAFT),
    Row("cases:upload-create", "POST", "403 201 403 201", "404 404 404 201", args=hidden, body=a_file),
    Row("cases:batch-create", "POST", "403 201 403 201", "404 404 404 201", args=hidden),
    Row("cases:batch", "GET", args=batch, **READ_DRAFT),
    Row("cases:batch-state", "GET", args=batch, **READ_DRAFT),
    Row("cases:batch-cancel", "POST", "404 302 404 302", "404 404 404 302", args=batch),
    Row(
        "cases:file-create", "POST", "403 201 403 201", "404 404 404 201",
        args=hidden, raw=BYTES, headers={**TUS, "Upload-Length": "9"},
    ),
    Row("cases:file", "HEAD", args=arriving, headers=TUS, **READ_DRAFT),
    Row(
        "cases:file", "PATCH", "404 409 404 409", "404 404 404 409",
        args=arriving, raw=BYTES, headers={**TUS, "Upload-Offset": "5"},
    ),
    Row("cases:file", "DELETE", "404 204 404 204", "404 404 404 204", args=arriving, headers=TUS),
    Row("cases:upload", "GET", args=upload, **READ_DRAFT),
    Row("cases:upload-cancel", "POST", args=upload, **READ_DRAFT),
    Row("cases:upload-report", "GET", args=upload, **READ_DRAFT),
    Row("cases:upload-report-json", "GET", args=upload, **READ_DRAFT),
    Row("cases:upload-report-csv", "GET", args=upload, **READ_DRAFT),
    Row("cases:batch-report", "GET", args=batch, **READ_DRAFT),
    Row("cases:batch-report-json", "GET", args=batch, **READ_DRAFT),
    Row("cases:batch-report-csv", "GET", args=batch, **READ_DRAFT),
    Row("cases:revisions", "GET", "200 404 404 404", "404 404 404 404", args=layer),
    Row(
        "cases:revision-restore", "POST", "302 404 404 404", "404 404 404 404",
        args=lambda w: [w.student_layer.pk, 1],
    ),
    Row("cases:drawings", "GET", args=series, **READ_HIDDEN),
    Row("cases:drawings", "GET", args=lambda w: [w.draft_frame.series_id], **READ_DRAFT),
    Row("cases:drawings-file", "GET", args=lambda w: [w.series.pk, "csv"], **READ_HIDDEN),
    Row(
        "cases:drawings-add", "POST", "302 302 302 302", "404 404 404 302",
        args=series, body=lambda w: {"form": "coco"},
    ),
    Row("cases:plane-pixels", "GET", args=lambda w: plane(w.hidden), **READ_HIDDEN),
    Row("cases:plane-pixels", "GET", args=lambda w: plane(w.draft), **READ_DRAFT),
    Row("cases:frame-pixels", "GET", args=lambda w: [w.frame.pk, w.frame.digest[:16]], **READ_HIDDEN),
    Row(
        "cases:frame-pixels", "GET",
        args=lambda w: [w.draft_frame.pk, w.draft_frame.digest[:16]], **READ_DRAFT,
    ),
    Row(
        "cases:frame-preview", "GET",
        args=lambda w: [w.frame.pk, w.frame.preview_digest[:16]], **READ_HIDDEN,
    ),
    Row(
        "cases:frame-preview", "GET",
        args=lambda w: [w.draft_frame.pk, w.draft_frame.preview_digest[:16]], **READ_DRAFT,
    ),
    Row("cases:frame-thumbnail", "GET", args=lambda w: [w.frame.pk], **READ_HIDDEN),
    Row("cases:frame-thumbnail", "GET", args=lambda w: [w.draft_frame.pk], **READ_DRAFT),
    Row("cases:slide", "GET", args=lambda w: [w.hidden.pk, w.slide.instance_id], **READ_HIDDEN),
    Row("cases:slide", "GET", args=lambda w: [w.draft.pk, w.draft_slide.instance_id], **READ_DRAFT),
    Row("cases:slide-tile", "GET", args=lambda w: tile(w.slide), **READ_HIDDEN),
    Row("cases:slide-tile", "GET", args=lambda w: tile(w.draft_slide), **READ_DRAFT),
    Row("cases:collections", "GET", ALL),
    Row("cases:collection-create", "GET", WRITERS),
    Row("cases:collection-create", "POST", "403 302 403 302", body=collection_form),
    Row("cases:collection", "GET", args=club, **READ_HIDDEN),
    Row("cases:collection-edit", "GET", WRITERS, "404 404 404 200", args=club),
    Row(
        "cases:collection-edit", "POST", "403 302 403 302", "404 404 404 302",
        args=club, body=collection_form,
    ),
    Row("cases:collection-delete", "POST", "403 302 403 302", "404 404 404 302", args=club),
    Row(
        "cases:collection-take-out", "POST", "403 302 403 302", "404 404 404 302",
        args=lambda w: [w.club.pk, w.hidden.pk],
    ),
]  # fmt: skip

CASES_API = [
    Row("api-cases", "GET", ALL),
    Row("api-cases", "POST", "403 201 403 201", body=lambda w: {"title": "Sent"}),
    Row("api-case", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case", "GET", args=draft, **READ_DRAFT),
    Row(
        "api-case", "PATCH", WRITERS, "404 404 404 200",
        args=hidden, body=lambda w: {"revision": w.hidden.revision, "title": "Sent"},
    ),
    Row(
        "api-case", "PATCH", "404 200 404 200", "404 404 404 200",
        args=draft, body=lambda w: {"revision": w.draft.revision, "title": "Sent"},
    ),
    Row("api-case", "DELETE", "403 204 403 204", "404 404 404 204", args=hidden),
    Row("api-case-publish", "POST", "404 200 404 200", "404 404 404 200", args=draft),
    Row("api-case-withdraw", "POST", WRITERS, "404 404 404 200", args=hidden),
    Row("api-case-series", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case-series", "GET", args=draft, **READ_DRAFT),
    Row("api-case-presence", "POST", args=hidden, body=lambda w: {"window": "0a1b2c3d"}, **READ_HIDDEN),
    Row("api-case-presence", "POST", args=draft, body=lambda w: {"window": "0a1b2c3d"}, **READ_DRAFT),
    Row(
        "api-case-presence", "DELETE", "204 204 204 204", "404 404 404 204",
        args=hidden, query=lambda w: "window=0a1b2c3d",
    ),
    Row("api-case-uploads", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row(
        "api-case-uploads", "POST", "403 202 403 202", "404 404 404 202",
        args=hidden, body=a_file, multipart=True,
    ),
    Row("api-series", "GET", args=series, **READ_HIDDEN),
    Row("api-series", "GET", args=lambda w: [w.draft_frame.series_id], **READ_DRAFT),
    Row("api-series-drawings", "GET", args=lambda w: [w.series.pk, "coco"], **READ_HIDDEN),
    Row(
        "api-series-drawings", "POST", "400 400 400 400", "404 404 404 400",
        args=lambda w: [w.series.pk, "web"], raw="application/ld+json",
    ),
    Row(
        "api-frame-segment", "POST", "400 400 400 400", "404 404 404 400",
        args=lambda w: [w.frame.pk], body=lambda w: {"method": "magic"},
    ),
    Row(
        "api-frame-segment", "POST", "404 400 404 400", "404 404 404 400",
        args=lambda w: [w.draft_frame.pk], body=lambda w: {"method": "watershed"},
    ),
    Row("api-series-planes", "GET", args=series, **READ_HIDDEN),
    Row("api-series-planes", "GET", args=lambda w: [w.draft_frame.series_id], **READ_DRAFT),
    Row("api-slide", "GET", args=lambda w: [w.slide.instance_id], **READ_HIDDEN),
    Row("api-slide", "GET", args=lambda w: [w.draft_slide.instance_id], **READ_DRAFT),
    Row("api-slide-tile", "GET", args=lambda w: tile(w.slide), **READ_HIDDEN),
    Row("api-slide-tile", "GET", args=lambda w: tile(w.draft_slide), **READ_DRAFT),
    Row("api-case-batches", "POST", "403 201 403 201", "404 404 404 201", args=hidden),
    Row("api-batch", "GET", args=batch, **READ_DRAFT),
    Row("api-batch-cancel", "POST", args=batch, **READ_DRAFT),
    Row(
        "api-case-files", "POST", "403 201 403 201", "404 404 404 201",
        args=hidden, raw=BYTES, headers={**TUS, "Upload-Length": "9"},
    ),
    Row("api-file", "HEAD", args=arriving, headers=TUS, **READ_DRAFT),
    Row(
        "api-file", "PATCH", "404 409 404 409", "404 404 404 409",
        args=arriving, raw=BYTES, headers={**TUS, "Upload-Offset": "5"},
    ),
    Row("api-file", "DELETE", "404 204 404 204", "404 404 404 204", args=arriving, headers=TUS),
    Row("api-upload", "GET", args=upload, **READ_DRAFT),
    Row("api-upload-cancel", "POST", args=upload, **READ_DRAFT),
    Row("api-upload-report", "GET", args=upload, **READ_DRAFT),
    Row("api-batch-report", "GET", args=batch, **READ_DRAFT),
    Row("api-annotations", "GET", ALL),
    Row(
        "api-annotations", "POST", "201 201 201 201", "404 404 404 201",
        body=lambda w: {"series": w.spare_series.pk, "shapes": a_shape(w)},
    ),
    Row("api-annotation", "GET", "200 404 404 200", "404 404 404 200", args=layer),
    Row("api-annotation", "GET", args=reference, **READ_HIDDEN),
    Row(
        "api-annotation", "PUT", "200 404 404 403", "404 404 404 403",
        args=layer, body=lambda w: {"revision": 1, "shapes": a_shape(w)},
    ),
    Row(
        "api-annotation", "PUT", "403 200 403 403", "404 404 404 403",
        args=reference, body=lambda w: {"revision": w.reference.revision, "shapes": a_shape(w)},
    ),
    Row(
        "api-annotation-submit", "POST", "200 404 404 403", "404 404 404 403",
        args=layer, body=lambda w: {"revision": 1},
    ),
    Row("api-collections", "GET", ALL),
    Row("api-collections", "POST", "403 201 403 201", body=lambda w: {"title": "Sent"}),
    Row("api-collection", "GET", args=club, **READ_HIDDEN),
    Row("api-collection", "PATCH", WRITERS, "404 404 404 200", args=club, body=lambda w: {"title": "Sent"}),
    Row("api-collection", "DELETE", "403 204 403 204", "404 404 404 204", args=club),
    Row(
        "api-collection-items", "POST", WRITERS, "404 404 404 200",
        args=club, body=lambda w: {"case": w.hidden.pk, "label": "sick"},
    ),
    Row(
        "api-collection-items", "POST", "404 200 404 200", "404 404 404 200",
        args=club, body=lambda w: {"case": w.draft.pk},
    ),
    Row("api-terms", "GET", ALL),
]  # fmt: skip

# Students and staff have no business there, and learn nothing of what waits.
REVIEW = {"own": "403 200 403 200", "other": "403 404 403 200"}
SENT = {"own": "403 202 403 202", "other": "403 404 403 202"}
NOBODY = "404 404 404 404"
DESK = [
    Row("cases:desk", "GET", WRITERS),
    Row("cases:desk-series", "GET", args=waiting, **REVIEW),
    Row("cases:desk-refuse", "POST", "403 302 403 302", "403 404 403 302", args=waiting),
    Row("cases:desk-pixels", "GET", args=waiting_frame, **REVIEW),
    Row("cases:desk-preview", "GET", args=waiting_frame, **REVIEW),
    Row("api-desk", "GET", WRITERS),
    Row("api-desk-series", "GET", args=waiting, **REVIEW),
    Row("api-desk-series", "PUT", args=waiting, body=boxes, **REVIEW),
    Row("api-desk-approve", "POST", args=waiting, body=boxes, **SENT),
    # Nobody has approved it, so there is nothing to confirm or to take back; and an author never confirms.
    Row("api-desk-confirm", "POST", "403 403 403 400", "403 404 403 400", args=waiting, body=boxes),
    Row("api-desk-withdraw", "POST", "403 400 403 400", "403 404 403 400", args=waiting, body=boxes),
    Row("api-desk-refuse", "POST", "403 204 403 204", "403 404 403 204", args=waiting),
    # On every other path it does not exist, for its author neither.
    Row("api-series", "GET", NOBODY, NOBODY, args=waiting),
    Row("api-series-planes", "GET", NOBODY, NOBODY, args=waiting),
    Row(
        "api-frame-segment", "POST", NOBODY, NOBODY,
        args=waiting_frame, body=lambda w: {"method": "grabcut"},
    ),
    Row("cases:drawings", "GET", NOBODY, NOBODY, args=waiting),
    Row("cases:drawings-file", "GET", NOBODY, NOBODY, args=lambda w: [w.waiting.pk, "csv"]),
    Row("api-series-drawings", "GET", NOBODY, NOBODY, args=lambda w: [w.waiting.pk, "csv"]),
    Row(
        "cases:frame-pixels", "GET", NOBODY, NOBODY,
        args=lambda w: [w.waiting.frames.get().pk, w.waiting.frames.get().digest[:16]],
    ),
    Row(
        "cases:frame-preview", "GET", NOBODY, NOBODY,
        args=lambda w: [w.waiting.frames.get().pk, w.waiting.frames.get().preview_digest[:16]],
    ),
    Row("cases:frame-thumbnail", "GET", NOBODY, NOBODY, args=waiting_frame),
    Row(
        "api-annotations", "POST", NOBODY, NOBODY,
        body=lambda w: {"series": w.waiting.pk, "shapes": a_shape(w)},
    ),
]  # fmt: skip

ACCOUNTS = [
    Row("accounts:sign-in", "GET", "302 302 302 302", anonymous="200"),
    Row(
        "accounts:sign-in", "POST", "302 302 302 302", anonymous="200",
        body=lambda w: {"username": "nobody", "password": "wrong"},
    ),
    Row("accounts:sign-out", "POST", "302 302 302 302"),
    Row("accounts:account", "GET", ALL),
    Row("accounts:password-change", "POST", "302 302 302 302", body=new_password),
    Row("accounts:token-create", "POST", "201 201 201 201", body=lambda w: {"name": "script", "days": "30"}),
    Row("accounts:token-revoke", "POST", "404 302 404 404", "404 404 404 404", args=token),
    Row("accounts:people", "GET", "403 403 403 200"),
    Row("accounts:person-create", "POST", "403 403 403 302", body=new_person),
    Row(
        "accounts:person-roles", "POST", "403 403 403 302", "403 403 403 302",
        args=lambda w: [w.people["student"].pk], body=lambda w: {"roles": "staff"},
    ),
    Row("api-me", "GET", ALL),
    Row("api-tokens", "GET", ALL),
    Row("api-tokens", "POST", "201 201 201 201", body=lambda w: {"name": "script", "days": 30}),
    Row("api-token", "DELETE", "404 204 404 404", "404 404 404 404", args=token),
]  # fmt: skip

# Staff look after one queue for all: the only rows they reach in another world.
JOBS = [
    Row("jobs:jobs", "GET", ALL),
    Row("jobs:cancel", "POST", "404 302 302 302", "404 404 302 302", args=job),
    # Staff of elsewhere see the queue, but may not analyse a case that is closed to them.
    Row("jobs:retry", "POST", "404 302 302 302", "404 404 403 302", args=failed_job),
    Row("api-jobs", "GET", ALL),
    Row("api-job", "GET", "404 200 200 200", "404 404 200 200", args=job),
    Row("api-job-cancel", "POST", "404 200 200 200", "404 404 200 200", args=job),
    Row("api-job-retry", "POST", "404 200 200 200", "404 404 403 200", args=failed_job),
]

SERVER = [
    Row("live:stream", "GET", ALL, "403 403 403 200", query=lambda w: f"topics=case:{w.hidden.pk}"),
    Row(
        "live:stream", "GET", "403 200 403 200", "403 403 403 200",
        query=lambda w: f"topics=case:{w.draft.pk}",
    ),
    Row(
        "live:stream", "GET", "403 200 200 200", "403 403 403 200",
        query=lambda w: f"topics=training:{w.club.pk}",
    ),
    Row("live:stream", "GET", "403 200 200 200", "403 403 200 200", query=lambda w: f"topics=job:{w.job.pk}"),
    Row("live:stream", "GET", "403 403 200 200", query=lambda w: "topics=jobs:all"),
    Row(
        "live:stream", "GET", "403 200 403 403", "403 403 403 403",
        query=lambda w: f"topics=user:{w.people['instructor'].pk}",
    ),
    Row("healthz", "GET", ALL, anonymous="200"),
    # No worker runs here, and the page says so to everyone.
    Row("readyz", "GET", "503 503 503 503", anonymous="503"),
    Row("api-schema", "GET", ALL),
    Row("api-docs", "GET", ALL),
]  # fmt: skip

SEES_MODELS = {"own": "403 200 200 200", "other": "403 404 404 200"}
ANALYSIS = [
    Row("analysis:case-panel", "GET", args=hidden, **READ_HIDDEN),
    Row("analysis:case-panel", "GET", args=draft, **READ_DRAFT),
    Row("analysis:case-status", "GET", args=hidden, **READ_HIDDEN),
    Row("analysis:case-features", "GET", args=hidden, **READ_HIDDEN),
    Row("analysis:analyse", "POST", "403 302 302 302", "404 404 404 302", args=hidden),
    Row("analysis:analyse", "POST", "404 302 404 302", "404 404 404 302", args=draft),
    Row("analysis:analysis-picture", "GET", args=lambda w: [w.analysis.pk, "before"], **READ_HIDDEN),
    Row("analysis:analysis-features-csv", "GET", args=analysis, **READ_HIDDEN),
    Row("analysis:models", "GET", "403 200 200 200"),
    Row("analysis:collection-models", "GET", args=club, **SEES_MODELS),
    Row("analysis:collection-training", "GET", args=club, **SEES_MODELS),
    Row("analysis:train", "POST", "403 403 302 302", "403 404 404 302", args=club, body=training),
    Row("analysis:model", "GET", args=model, **SEES_MODELS),
    Row("analysis:model-promote", "POST", "403 403 302 302", "403 404 404 302", args=model),
    Row("analysis:model-retire", "POST", "403 403 302 302", "403 404 404 302", args=model),
    Row("analysis:model-chart", "GET", args=lambda w: [w.model.pk, "roc", "light"], **SEES_MODELS),
    Row("api-case-analyses", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case-analyses", "POST", "403 202 202 202", "404 404 404 202", args=hidden),
    Row("api-case-predictions", "GET", args=hidden, **READ_HIDDEN),
    Row("api-case-overlays", "GET", args=hidden, **READ_HIDDEN),
    Row(
        "analysis:overlay-values", "GET", args=lambda w: [w.overlay.pk, w.overlay.digest[:16]],
        **READ_HIDDEN,
    ),
    Row("api-analysis", "GET", args=analysis, **READ_HIDDEN),
    Row("api-training-runs", "GET", "403 200 200 200"),
    Row(
        "api-training-runs", "POST", "403 403 202 202", "404 404 404 202",
        body=lambda w: {"collection": w.club.pk, "algorithms": ["svm"]},
    ),
    Row("api-models", "GET", "403 200 200 200"),
    Row("api-model", "GET", args=model, **SEES_MODELS),
    Row("api-model-promote", "POST", "403 403 202 202", "403 404 404 202", args=model),
]  # fmt: skip

TABLE: list[Row] = [
    *CASES, *CASES_API, *REVIEWS, *LIFE, *DESK, *ACCOUNTS, *JOBS, *SERVER, *ANALYSIS, *TALK,
    *FINDING,
]  # fmt: skip
