"""One file per noun."""

from cases.models.annotation import Annotation, AnnotationRevision
from cases.models.case import Case
from cases.models.case_review import CaseReview, ReviewNote
from cases.models.clearance import ClearanceReview
from cases.models.collection import Collection, CollectionItem, Section
from cases.models.comment import Comment
from cases.models.credit import CaseAuthor, CaseReference, Differential
from cases.models.finding import Bookmark, SavedSearch, Visit
from cases.models.label import CaseLabel
from cases.models.notice import DigestMail, Notice, NoticeSetting
from cases.models.reader import Reader
from cases.models.reading import Reading
from cases.models.remark import ClosedTalk, Remark, RemarkReport
from cases.models.search import SearchText, Spelling
from cases.models.series import Frame, Instance, Series
from cases.models.share import ShareLink
from cases.models.slide import Slide
from cases.models.term import Term, TermStart, TermWord
from cases.models.upload import Upload, UploadBatch
from cases.models.version import CaseVersion

__all__ = [
    "Annotation",
    "AnnotationRevision",
    "Bookmark",
    "Case",
    "CaseAuthor",
    "CaseLabel",
    "CaseReference",
    "CaseReview",
    "CaseVersion",
    "ClearanceReview",
    "ClosedTalk",
    "Collection",
    "CollectionItem",
    "Comment",
    "Differential",
    "DigestMail",
    "Frame",
    "Instance",
    "Notice",
    "NoticeSetting",
    "Reader",
    "Reading",
    "Remark",
    "RemarkReport",
    "ReviewNote",
    "SavedSearch",
    "SearchText",
    "Section",
    "Series",
    "ShareLink",
    "Slide",
    "Spelling",
    "Term",
    "TermStart",
    "TermWord",
    "Upload",
    "UploadBatch",
    "Visit",
]
