"""What is wrong with a shape, and where."""


class GeometryError(ValueError):
    """A shape that cannot be accepted.

    Parameters
    ----------
    field : str
        Where in the payload, such as ``"shapes[2].points[0]"``.
    message : str
        A sentence that a person can act on.

    Examples
    --------
    >>> str(GeometryError("shapes[2].label", "is too long"))
    'shapes[2].label: is too long'
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __reduce__(self) -> tuple[type["GeometryError"], tuple[str, str]]:
        # Exceptions are rebuilt from `args`, which holds one text here: without this, copying fails.
        return (GeometryError, (self.field, self.message))
