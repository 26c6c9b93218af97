"""Many cases for benchmarks, written past the services in bulk."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from cases import words
from cases.enums import BodyRegion, CaseStatus, Level, Modality, OrganSystem
from cases.models import (
    Annotation,
    Case,
    Collection,
    CollectionItem,
    Frame,
    Instance,
    SearchText,
    Series,
    Spelling,
    Term,
    TermWord,
)
from cases.services import searching
from medweb.accounts.models import Role, User
from medweb.accounts.services import create_user

SEED = 20261123
# A word of each list is in every case; what is asked for is in about one of fifty, of ten, and of two.
FINDINGS = (
    "nodule", "opacity", "fracture", "effusion", "consolidation", "mass", "cyst", "calcification", "stenosis",
    "dilatation", "thickening", "haemorrhage", "infarct", "abscess", "erosion", "oedema", "atelectasis",
    "fistula", "hernia", "thrombus",
)  # fmt: skip
PLACES = ("right upper lobe", "left lower lobe", "liver", "spleen", "distal radius", "femoral neck", "orbit",
          "mediastinum", "pelvis", "third ventricle")  # fmt: skip
SIGNS = ("cough", "fever", "pain", "weight loss", "fall on the hand", "headache", "dyspnoea", "jaundice")
RARE = tuple(f"{a}{b}" for a in ("sarcoid", "amyloid", "lymphangi", "histiocyt", "mastocyt")
             for b in ("osis", "oma", "itis", "opathy", "ectasia"))  # fmt: skip
SENTENCES = (
    "The patient came with {sign} for three weeks.",
    "There is a {finding} in the {place}, with smooth margins.",
    "No other {finding} was seen; the {place} is normal for the age.",
    "Consider infection, a tumour and a variant, in this order.",
    "Follow-up after six weeks showed the same picture.",
    "A {finding} of this kind is often found by chance.",
    "左肺上叶可见结节，边界清楚。",
)
AT_ONCE = 2_000


def people(count: int) -> list[User]:
    """Authors, made when they are not there yet."""
    have = {user.username: user for user in User.objects.filter(username__startswith="author-")}
    return [
        have.get(f"author-{n}")
        or create_user(username=f"author-{n}", password=None, roles=[Role.INSTRUCTOR], by=None)
        for n in range(count)
    ]


def terms() -> list[Term]:
    """A small terminology of two levels with synonyms."""
    found = []
    for n, finding in enumerate(FINDINGS):
        parent, made = Term.objects.get_or_create(
            system="radlex", code=f"RID9{n:04d}", defaults={"display": finding}
        )
        if made:
            TermWord.objects.create(term=parent, word=f"synonym of {finding}")
        for place in PLACES:
            child, _made = Term.objects.get_or_create(
                system="icd10",
                code=f"B{n:02d}.{PLACES.index(place)}",
                defaults={"display": f"{finding} of the {place}", "parent": parent},
            )
            found.append(child)
    return found


def _case(n: int, chance: random.Random, coded: list[Term], authors: list[User], now: Any) -> Case:
    finding, place, sign = chance.choice(FINDINGS), chance.choice(PLACES), chance.choice(SIGNS)
    said = [s.format(finding=finding, place=place, sign=sign) for s in chance.choices(SENTENCES, k=8)]
    rare = chance.choice(RARE) if n % 50 == 7 else ""
    return Case(
        author=chance.choice(authors),
        title=f"{finding.title()} of the {place} {n} {rare}".strip(),
        history=said[0] + " " + said[1],
        findings=" ".join(said[2:5]),
        discussion=" ".join(said[5:]),
        diagnosis=chance.choice(coded),
        modality=chance.choice(Modality.values[:8]),
        body_region=chance.choice(BodyRegion.values),
        organ_system=chance.choice(OrganSystem.values),
        level=chance.choice(Level.values),
        keywords=f"{finding}, {place}",
        status=CaseStatus.DRAFT if n % 10 == 9 else CaseStatus.PUBLISHED,
        published_at=now,
        created_at=now - timedelta(minutes=n),
        patient_key=f"p{n}",
        unknown=n % 20 == 3,
        neutral_title=f"Patient with {sign}" if n % 20 == 3 else "",
    )


def _batches(first: int, last: int) -> Iterator[range]:
    for at in range(first, last, AT_ONCE):
        yield range(at, min(at + AT_ONCE, last))


@transaction.atomic
def fill(wanted: int) -> int:
    """Cases until there are ``wanted``, each with a picture; the key of the newest published one."""
    chance = random.Random(SEED)
    coded, authors, now = terms(), people(20), timezone.now()
    said = searching.wordings([term.pk for term in coded])
    collections = [
        Collection.objects.get_or_create(
            slug=f"course-{n}",
            defaults={
                "title": f"Course {n}", "owner": authors[n], "visibility": "everyone" if n % 3 else "members",
            },
        )[0]
        for n in range(6)
    ]  # fmt: skip
    for numbers in _batches(Case.objects.count(), wanted):
        cases = Case.objects.bulk_create(
            [_case(n, chance, coded, authors, now) for n in numbers], batch_size=500
        )
        texts = [
            SearchText(case=case, **searching.values_of(case, said[case.diagnosis_id or 0])) for case in cases
        ]
        SearchText.objects.bulk_create(texts, batch_size=500)
        _pictures(cases)
        CollectionItem.objects.bulk_create(
            [
                CollectionItem(collection=collections[case.pk % 60], case=case, label="nodule")
                for case in cases
                if case.pk % 60 < len(collections)
            ],
            batch_size=500,
        )
    known = words.spellings([*FINDINGS, *PLACES, *SIGNS, *RARE, *SENTENCES])
    Spelling.objects.bulk_create(
        [Spelling(word=word, letters=len(word)) for word in sorted(known)], ignore_conflicts=True
    )
    return int(Case.objects.filter(status=CaseStatus.PUBLISHED).order_by("-created_at")[:1].get().pk)


def _pictures(cases: list[Case]) -> None:
    series = Series.objects.bulk_create(
        [
            Series(case=case, series_uid=f"2.25.{case.pk}", modality=case.modality, frame_count=1)
            for case in cases
        ],
        batch_size=500,
    )
    instances = Instance.objects.bulk_create(
        [
            Instance(series=row, sop_uid=f"2.25.{row.pk}.1", digest=f"{row.pk:x}", byte_count=1, kind="dicom")
            for row in series
        ],
        batch_size=500,
    )
    Frame.objects.bulk_create(
        [
            Frame(
                series=row.series, instance=row, index=0, number_in_instance=0, digest=f"{row.pk:064x}",
                preview_digest=f"{row.pk:064x}", rows=512, columns=512, dtype="int16", window_center=40,
                window_width=400,
            )
            for row in instances
        ],
        batch_size=500,
    )  # fmt: skip
    Annotation.objects.bulk_create(
        [
            Annotation(
                series=row, author=row.case.author, status="submitted", is_reference=True,
                submitted_at=timezone.now(),
            )
            for row in series
            if row.pk % 4 == 0
        ],
        batch_size=500,
    )  # fmt: skip


def analyse() -> None:
    """Let the database look at how its columns are filled, as it does by itself in the night."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
