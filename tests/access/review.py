"""Who may review layers: the part of the access table about reviews and comments."""

from tests.access.row import ALL, WRITERS, Row, handed_in, hidden, layer, looked_at

# Students see no layer of another student; its author reads it, and reviews it never.
REVIEWER = {"own": "404 200 404 200", "other": "404 404 404 200"}
ACT = {"own": "404 302 404 302", "other": "404 404 404 302"}
VERDICT = {"own": "404 200 403 200", "other": "404 404 404 200"}
REVIEWS = [
    Row("cases:reviews", "GET", WRITERS),
    Row("cases:layers", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row("cases:agreement", "GET", WRITERS, "404 404 404 200", args=hidden),
    Row(
        "cases:agreement-csv", "GET", WRITERS, "404 404 404 200",
        args=hidden, query=lambda w: f"reader={w.handed_in.pk}&reader={w.reference.pk}",
    ),
    Row(
        "cases:agreement-consensus", "POST", "403 302 403 302", "404 404 404 302",
        args=hidden, body=lambda w: {"series": w.series.pk, "reader": [w.handed_in.pk, w.reference.pk]},
    ),
    # Nothing is blinded there: it is refused in words, and nothing is written.
    Row(
        "cases:collection-open", "POST", "403 refused 403 refused", "404 404 404 refused",
        args=lambda w: [w.club.pk],
    ),
    Row("cases:layer", "GET", args=handed_in, **REVIEWER),
    Row("cases:layer", "GET", "404 404 404 404", "404 404 404 404", args=layer),
    Row("cases:layer-accept", "POST", args=handed_in, body=looked_at, **ACT),
    Row("cases:layer-return", "POST", args=handed_in, body=looked_at, **ACT),
    Row("cases:layer-merge", "POST", args=handed_in, body=looked_at, **ACT),
    Row("cases:layer-comment", "POST", args=handed_in, body=looked_at, **ACT),
    Row("cases:revisions", "GET", "404 200 200 200", "404 404 404 200", args=handed_in),
    Row("api-annotation-accept", "POST", args=handed_in, body=looked_at, **VERDICT),
    Row("api-annotation-return", "POST", args=handed_in, body=looked_at, **VERDICT),
    Row("api-annotation-merge", "POST", args=handed_in, body=looked_at, **VERDICT),
    Row("api-comments", "GET", ALL),
    Row(
        "api-comments", "POST", "404 201 400 201", "404 404 404 201",
        args=lambda w: [], body=lambda w: {"annotation": w.handed_in.pk, "text": "Too wide."},
    ),
]  # fmt: skip
