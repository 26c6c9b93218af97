"""Window presets per modality, in the unit of the pixels."""

CT_PRESETS: tuple[tuple[str, float, float], ...] = (
    ("Soft tissue", 50, 400),
    ("Lung", -600, 1500),
    ("Bone", 400, 1800),
    ("Brain", 40, 80),
    ("Liver", 80, 150),
    ("Mediastinum", 40, 350),
    ("Angio", 300, 600),
)


def presets_for(modality: str, unit: str) -> list[dict[str, str | float]]:
    """Named windows; only CT in Hounsfield units has windows that mean the same everywhere."""
    if modality != "CT" or unit != "HU":
        return []
    return [{"name": name, "center": center, "width": width} for name, center, width in CT_PRESETS]
