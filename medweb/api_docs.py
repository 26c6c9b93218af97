"""A page to browse the API description; Swagger's and Redoc's own pages need inline styles and eval."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """A parameter or member: name, type in words, whether it must be sent, what it means."""

    name: str
    kind: str
    required: bool
    text: str
    read_only: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    summary: str
    anchor: str
    parameters: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    body_type: str = ""
    answers: list[tuple[str, str, list[Field]]] = field(default_factory=list)


class Description:
    """The OpenAPI document, read for people."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._components = schema.get("components", {}).get("schemas", {})

    def groups(self) -> list[tuple[str, list[Operation]]]:
        """Operations by the noun that begins their path, both in the order of the description."""
        groups: dict[str, list[Operation]] = {}
        for path, item in self._schema["paths"].items():
            noun = path.removeprefix("/api/").split("/")[0]
            for method in METHODS:
                if method in item:
                    groups.setdefault(noun, []).append(self._operation(method, path, item[method]))
        return list(groups.items())

    def _operation(self, method: str, path: str, raw: dict[str, Any]) -> Operation:
        content: dict[str, dict[str, Any]] = raw.get("requestBody", {}).get("content", {})
        body_type = next(iter(content), "")
        body = content.get(body_type, {})
        return Operation(
            method=method.upper(),
            path=path,
            summary=raw.get("description", ""),
            anchor=raw["operationId"],
            parameters=[
                Field(
                    parameter["name"],
                    self.kind(parameter["schema"]),
                    bool(parameter.get("required")),
                    parameter.get("description", ""),
                )
                for parameter in raw.get("parameters", [])
            ],
            body=[row for row in self.fields(body.get("schema", {})) if not row.read_only],
            body_type=body_type,
            answers=[self._answer(status, answer) for status, answer in raw.get("responses", {}).items()],
        )

    def _answer(self, status: str, answer: dict[str, Any]) -> tuple[str, str, list[Field]]:
        bodies: list[dict[str, Any]] = list(answer.get("content", {}).values())
        schema = bodies[0].get("schema", {}) if bodies else {}
        return status, self.kind(schema) if schema else "", self.fields(schema)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return self._resolved(self._components[schema["$ref"].rsplit("/", 1)[1]])
        if len(schema.get("allOf", [])) == 1:
            return {**self._resolved(schema["allOf"][0]), **{k: v for k, v in schema.items() if k != "allOf"}}
        return schema

    def fields(self, schema: dict[str, Any]) -> list[Field]:
        """Members of an object, or of the objects in a list or page."""
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            return self.fields(schema["items"])
        members = schema.get("properties", {})
        if {"next", "previous", "results"} <= set(members):
            return self.fields(members["results"])
        required = set(schema.get("required", []))
        rows = []
        for name, member in members.items():
            resolved = self._resolved(member)
            rows.append(
                Field(
                    name,
                    self.kind(member),
                    name in required,
                    resolved.get("description", "") if "enum" not in resolved else "",
                    bool(member.get("readOnly")),
                )
            )
        return rows

    def kind(self, schema: dict[str, Any]) -> str:
        """The type in words: ``"list of Frame"``, ``"one of draft, published"``, ``"number"``."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            target = self._components[name]
            return self.kind(target) if "enum" in target else name
        if "enum" in schema:
            return "one of " + ", ".join(str(value) for value in schema["enum"] if value not in ("", None))
        for union in ("oneOf", "anyOf", "allOf"):
            if union in schema:
                return " or ".join(dict.fromkeys(self.kind(part) for part in schema[union] if part))
        if schema.get("type") == "array":
            return f"list of {self.kind(schema.get('items', {}))}"
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            kind = " or ".join(kind)
        return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, body and answers."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return render(request, "api/docs.html", {"groups": Description(schema).groups()})
