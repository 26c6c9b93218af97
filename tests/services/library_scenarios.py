"""Scenarios of what is done in the library: see ``scenarios.py``, whose list this completes."""

from typing import Any

from cases.enums import ReadingStage, ReviewQuestion
from cases.models import Case, CollectionItem, RemarkReport, Section, ShareLink
from cases.models.case_review import ReviewNote
from cases.models.finding import SavedSearch
from cases.models.remark import Remark
from cases.services import (
    arranging,
    case_reviews,
    cases,
    collections,
    finding,
    notices,
    remarks,
    sharing,
    term_loading,
    unknowns,
    versions,
)
from medweb.accounts import services as accounts
from medweb.accounts.models import User
from medweb.accounts.roster import Entry
from tests.analysis.building import person
from tests.services.scenarios import SCENARIOS, Act, World, scenario, simple

__all__ = ["PARTS", "SCENARIOS"]

# Parts of other acts, which leave the event; and what a person has read, which is nobody else's business.
PARTS = {
    "cases.services.credits.take",
    "cases.services.credits.write",
    "cases.services.notices.read",
    "cases.services.notices.read_all",
    "cases.services.notices.tell",
    "cases.services.snapshots.keep",
    "cases.services.terms.term_for",
}


def sue(world: World) -> User:
    """A reader."""
    return User.objects.filter(username="sue").first() or person("sue", "student")


# --- collections ------------------------------------------------------------------------------------------


def item(world: World) -> CollectionItem:
    """The second case of a collection."""
    collection = world.collection()
    for _case in range(2):
        collections.put(collection=collection, case=world.case(), by=world.ann)
    found = collection.items.last()
    assert found is not None
    return found


def section(world: World) -> Section:
    """The second section of a collection."""
    collection = world.collection()
    arranging.add_section(collection=collection, title="Easy", by=world.ann)
    return arranging.add_section(collection=collection, title="Hard", by=world.ann)


simple(arranging.add_section, "ann", collection=World.collection, title=lambda w: "Easy")
simple(arranging.delete_section, "ann", section=section)
simple(arranging.move, "ann", item=item, step=lambda w: "up")
simple(arranging.move_section, "ann", section=section, step=lambda w: "up")
simple(arranging.rename_section, "ann", section=section, title=lambda w: "Harder")


@scenario(arranging.put_under)
def put_under(world: World) -> tuple[User, Act]:
    row = item(world)
    below = arranging.add_section(collection=row.collection, title="Easy", by=world.ann)
    return world.ann, lambda: arranging.put_under(item=row, section=below, by=world.ann)


def link(world: World) -> ShareLink:
    return sharing.share(collection=world.collection(), days=7, by=world.ann)


simple(sharing.share, "ann", collection=World.collection, days=lambda w: 7)
simple(sharing.revoke, "ann", link=link)


@scenario(sharing.come_in)
def come_in(world: World) -> tuple[User, Act]:
    opened, guest = link(world), sue(world)
    return guest, lambda: sharing.come_in(link=opened, by=guest)


# --- the life of a case -----------------------------------------------------------------------------------


def waiting(world: World) -> Case:
    """Handed in for its review."""
    case = world.case(published=False)
    case_reviews.submit(case=case, by=world.ann)
    case.refresh_from_db()
    return case


def noted(world: World) -> ReviewNote:
    return case_reviews.note(case=waiting(world), section="findings", text="Too short.", by=world.ada)


simple(case_reviews.submit, "ann", case=lambda w: w.case(published=False))
simple(
    case_reviews.approve,
    "ada",
    case=waiting,
    revision=lambda w: Case.objects.latest("pk").revision,
    fulfilled=lambda w: list(ReviewQuestion.values),
)
simple(case_reviews.note, "ada", case=waiting, section=lambda w: "findings", text=lambda w: "Too short.")
simple(case_reviews.send_back, "ada", case=waiting, text=lambda w: "Too short.")
simple(case_reviews.settle, "ann", note=noted)
simple(case_reviews.retract, "ann", case=World.case, reason=lambda w: "The diagnosis was wrong.")
simple(case_reviews.set_due, "ann", case=World.case, on=lambda w: None)
simple(cases.make_public, "ann", case=lambda w: w.case(published=False))


@scenario(versions.restore)
def restore_version(world: World) -> tuple[User, Act]:
    case = cases.create(fields={"title": "One"}, by=world.ann)
    case = cases.update(case=case, revision=1, fields={"title": "Two"}, by=world.ann)
    number = case.versions.order_by("number").first().number
    return world.ann, lambda: versions.restore(case=case, revision=case.revision, number=number, by=world.ann)


# --- reading ----------------------------------------------------------------------------------------------


@scenario(unknowns.begin)
def begin(world: World) -> tuple[User, Act]:
    case, reader = world.case(), sue(world)
    return reader, lambda: unknowns.begin(case=case, by=reader)


@scenario(unknowns.reveal)
def reveal(world: World) -> tuple[User, Act]:
    case, reader = world.case(), sue(world)
    unknowns.begin(case=case, by=reader)
    return reader, lambda: unknowns.reveal(case=case, stage=ReadingStage.FINDINGS, by=reader)


def saved_search(world: World) -> SavedSearch:
    return finding.save_search(name="Lungs", query="q=lung", by=world.ann)


simple(finding.bookmark, "ann", case=World.case, kept=lambda w: True)
simple(finding.save_search, "ann", name=lambda w: "Lungs", query=lambda w: "q=lung")
simple(finding.open_search, "ann", search=saved_search)
simple(finding.delete_search, "ann", search=saved_search)


@scenario(finding.clear_visits)
def clear_visits(world: World) -> tuple[User, Act]:
    finding.visited(case=world.case(), user=world.ann)
    return world.ann, lambda: finding.clear_visits(by=world.ann)


# --- talk -------------------------------------------------------------------------------------------------


def remark(world: World) -> Remark:
    return remarks.write(case=world.case(), text="Why is it round?", kind="question", by=sue(world))


def reported(world: World) -> RemarkReport:
    return remarks.report(remark=remark(world), reason="Rude.", by=world.sam)


simple(remarks.write, "ann", case=World.case, text=lambda w: "Why is it round?")
simple(remarks.resolve, "ann", remark=remark)
simple(remarks.report, "sam", remark=remark, reason=lambda w: "Rude.")
simple(remarks.hide, "ann", remark=remark, reason=lambda w: "Rude.")
simple(remarks.dismiss, "ann", report=reported)
simple(remarks.close_talk, "ann", case=World.case)


@scenario(remarks.open_talk)
def open_talk(world: World) -> tuple[User, Act]:
    case = world.case()
    remarks.close_talk(case=case, by=world.ann)
    case.refresh_from_db()
    return world.ann, lambda: remarks.open_talk(case=case, by=world.ann)


def own_remark(service: Any, **more: Any) -> None:
    """What only the author of a remark may do."""

    @scenario(service)
    def prepare(world: World) -> tuple[User, Act]:
        said = remark(world)
        return said.author, lambda: service(remark=said, **more, by=said.author)


own_remark(remarks.edit, text="Why is it so round?")
own_remark(remarks.delete)
simple(
    notices.choose,
    "ann",
    kinds=lambda w: ["mention"],
    digest=lambda w: "weekly",
    email=lambda w: "a@b.example",
)


# --- terms and people -------------------------------------------------------------------------------------


@scenario(term_loading.load)
def load_terms(world: World) -> tuple[User, Act]:
    path = world.folder / "terms.csv"
    path.write_text("system,code,display\nradlex,RID99999,A term\n")
    return world.ada, lambda: term_loading.load(path, by=world.ada)


simple(
    accounts.create_people, "ada", entries=lambda w: [Entry(2, "kim", "Kim", "kim@b.example", ["student"])]
)
simple(accounts.invite, "ada", user=lambda w: w.ann)
