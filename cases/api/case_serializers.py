"""One case as JSON, with the rows that belong to it; lists of cases do without them."""

from typing import Any

from django.db.models import prefetch_related_objects
from rest_framework import serializers

from cases.api.serializers import CaseSerializer, TermSerializer
from cases.models import Case, CaseAuthor, CaseReference, Differential, Term, TermWord


class CaseAuthorSerializer(serializers.ModelSerializer[CaseAuthor]):
    class Meta:
        model = CaseAuthor
        fields = ("name", "affiliation")


class CaseReferenceSerializer(serializers.ModelSerializer[CaseReference]):
    doi = serializers.CharField(
        required=False, allow_blank=True, help_text="In any spelling; stored in lower case, without resolver"
    )

    class Meta:
        model = CaseReference
        fields = ("text", "doi")


class DifferentialSerializer(serializers.ModelSerializer[Differential]):
    # What may not be seen is dropped by the service, as any other number.
    term = serializers.IntegerField(
        source="term_id", required=False, allow_null=True, help_text="Id of a term"
    )
    code = serializers.SerializerMethodField(
        help_text="Terminology and code, such as radlex:RID5350, or empty"
    )

    class Meta:
        model = Differential
        fields = ("text", "term", "code")

    def get_code(self, row: Differential) -> str:
        return f"{row.term.system}:{row.term.code}" if row.term else ""


class CaseDetailSerializer(CaseSerializer):
    """A case with its rows; a list that is sent replaces the stored one, in its order."""

    diagnosis_term = serializers.IntegerField(
        write_only=True, required=False, allow_null=True, help_text="Id of the term that diagnosis_text names"
    )
    authors = CaseAuthorSerializer(many=True, required=False)
    references = CaseReferenceSerializer(many=True, required=False)
    differentials = DifferentialSerializer(
        many=True, required=False, help_text="Lines of the differential with their terms, instead of its text"
    )

    class Meta(CaseSerializer.Meta):
        fields = (
            *CaseSerializer.Meta.fields, "diagnosis_term", "authors", "references", "differentials",
        )  # type: ignore[assignment]  # fmt: skip

    def to_representation(self, instance: Case) -> dict[str, Any]:
        prefetch_related_objects([instance], "authors", "references", "differentials__term")
        told = super().to_representation(instance)
        for name in ("authors", "references", "differentials"):
            told[name] = self.fields[name].to_representation(getattr(instance, name))
        return told


class CasePatchSerializer(CaseDetailSerializer):
    revision = serializers.IntegerField(min_value=1, help_text="The revision the change started from")

    class Meta(CaseDetailSerializer.Meta):
        read_only_fields = tuple(  # type: ignore[assignment]
            name for name in CaseSerializer.Meta.read_only_fields if name != "revision"
        )


class TermWordSerializer(serializers.ModelSerializer[TermWord]):
    class Meta:
        model = TermWord
        fields = ("word", "language")


class FoundTermSerializer(TermSerializer):
    """A term with all that it may be called."""

    system_display = serializers.CharField(source="get_system_display", read_only=True)
    words = TermWordSerializer(many=True, read_only=True, help_text="Synonyms and names in other languages")
    matched = serializers.CharField(
        read_only=True, default="", help_text="The synonym that was found, where it was not the name"
    )

    class Meta:
        model = Term
        fields = (
            "id",
            "system",
            "system_display",
            "code",
            "display",
            "language",
            "parent",
            "words",
            "matched",
        )
