"""Settings from the environment: one place that reads it, one sentence when something is wrong."""

import json
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
BROKER_FILE = "broker-url"
SECRETS_FILE = "secrets.json"


def text(name: str, default: str = "") -> str:
    """Value of ``name``, stripped; ``default`` when unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Whether ``name`` says yes; raises when it says neither yes nor no."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    """Whole number in ``name``; raises a sentence when it is not one."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Value of ``name`` when it is one of ``allowed``; raises a sentence otherwise."""
    value = text(name, default).lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Comma-separated list in ``name``."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def data_dir() -> Path:
    """Folder for database, pictures and secrets; made with owner-only rights when missing."""
    folder = Path(text("MEDWEB_DATA_DIR", str(ROOT / "var"))).expanduser().resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"MEDWEB_DATA_DIR points to {folder}, which cannot be made ({error.strerror}). "
            "Choose a folder you may write to."
        ) from None
    return folder


def secret(name: str, folder: Path) -> str:
    """Secret from the environment, else from the data folder, where it is made on the first start.

    Pseudonyms and model signatures must stay equal over restarts and workers: a secret that changed
    would give the same patient a new pseudonym, so it is stored, not derived from the session key.
    """
    given = text(name)
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured(f"{name} must have at least 32 characters.")
        return given
    path = folder / SECRETS_FILE
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if name not in known:
        known[name] = secrets.token_urlsafe(48)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(known, indent=1))
        draft.replace(path)
    return known[name]


def redis_url(folder: Path) -> str:
    """Broker address: ``REDIS_URL``, else the one the running launcher left in the data folder, else empty.

    The file lets ``manage.py`` commands reach the embedded broker of a running ``make run``.
    """
    given = text("REDIS_URL")
    if given:
        return given
    path = folder / BROKER_FILE
    return path.read_text().strip() if path.exists() else ""
