"""Script modules a page needs: named all at once, or else a browser finds them one import after the other."""

import functools
import posixpath
import re
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

# Not `import("./x.js")`: what is fetched when it is wanted stays out.
_IMPORT = re.compile(
    r'^(?:import\s*(?:[^;"()]*?\bfrom\s*)?|export\s[^;"()]*?\bfrom\s*)"(\.{1,2}/[^"]+)"', re.MULTILINE
)

register = template.Library()


@functools.cache
def imported(entry: str) -> tuple[str, ...]:
    """Static names of all modules that ``entry`` cannot run without, in the order in which they are met.

    Parameters
    ----------
    entry : str
        Name of a static file, such as ``"js/viewer/main.js"``.

    Raises
    ------
    FileNotFoundError
        When a module, or what one imports, is no static file.
    """
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        if path is None:
            raise FileNotFoundError(f"{name} is no static file, but {entry} needs it.")
        for relative in _IMPORT.findall(Path(path).read_text(encoding="utf-8")):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
            if other not in found and other != entry:
                found[other] = None
                waiting.append(other)
    return tuple(found)


@register.simple_tag
def module_preloads(entry: str) -> SafeString:
    """``{% module_preloads "js/viewer/main.js" %}``: a ``<link rel="modulepreload">`` for each module."""
    links = ((static(name),) for name in imported(entry))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)
