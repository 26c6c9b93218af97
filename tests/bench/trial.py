"""``python -m tests.bench.trial``: all the odd files at once, as an instructor drops them; who is named then.

One draft case takes every file of ``data/04_*`` to ``data/09_*`` through the page. When all are judged,
values that identify somebody in what was sent are looked for in everything that is kept and shown: files of
the data folder, rows, the broker, logs, pages and answers of the API.
"""

import argparse
import contextlib
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import redis

from tests.bench import identities, measure
from tests.bench.jobs import CASE

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SETS = "0[4-9]_*"
PATIENCE_SECONDS = 900
WIDTHS = (1440, 1280, 390)
LINK = re.compile(
    rb'(?:href|src|action|hx-get|data-[a-z-]*url)="(/[^"#]*)|"(?:[a-z_]*url|next)": ?"(?:https?://[^/"]+)?(/[^"#]*)"'
)
# Pixels are files of the data folder; the stream never ends; what only is posted changes things.
PASSED = re.compile(
    r"^/(static|live|sign-out|api/schema|api/docs)|/(pixels|preview\.jpg|thumbnail\.jpg)$|/\d+_\d+\.jpg$"
)
MOST_PAGES = 4000


def sent_files(folder: Path) -> list[Path]:
    """Every file of the sets, in a stable order."""
    return [path for one in sorted(folder.glob(SETS)) for path in sorted(one.rglob("*")) if path.is_file()]


def drop(page: "Page", case: int, files: list[Path]) -> dict[str, Any]:
    """Choose all files on the page of the case; what became of them, when all are judged."""
    page.goto(f"/cases/{case}/")
    began = time.perf_counter()
    page.set_input_files("[data-input=files]", files)
    link = page.locator("#upload-list .fates__head a")
    link.first.wait_for(timeout=PATIENCE_SECONDS * 1000)
    batch = str(link.first.get_attribute("href"))
    words = page.locator("[data-summary-words]")

    def judged() -> bool:
        found = re.match(r"(\d+) of (\d+)", words.inner_text())
        return found is not None and found[1] == found[2]

    measure.wait_for(judged, seconds=PATIENCE_SECONDS, what="every file is judged", every=0.5)
    seconds = time.perf_counter() - began
    return {"batch": batch, "summary": words.inner_text(), "seconds": round(seconds, 1)}


def fates(client: httpx.Client, batch: str) -> list[dict[str, Any]]:
    """What every file became, as the page reads it."""
    rows: dict[int, dict[str, Any]] = {}
    since, more = "", True
    while more:
        news = client.get(f"{batch}state/", params={"since": since}).raise_for_status().json()
        rows |= {row["id"]: row for row in news["uploads"]}
        since, more = news["now"], news["more"]
    return list(rows.values())


def crawl(
    client: httpx.Client,
    starts: Iterable[str],
    pages: identities.Place,
    api: identities.Place,
    sought: identities.Identities,
) -> Counter[int]:
    """Read every page and answer that can be reached by links; returns how many answered what."""
    todo, known, answers = list(starts), set(starts), Counter[int]()
    while todo and len(known) < MOST_PAGES:
        path = todo.pop(0)
        answer = client.get(path)
        answers[answer.status_code] += 1
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        place = api if path.startswith("/api/") else pages
        place.add(path, head.encode() + b"\n\n" + answer.content, sought)
        for groups in LINK.findall(answer.content):
            link = next(group for group in groups if group).decode().replace("&amp;", "&")
            # One order of each table is enough, and all of it at once.
            if (
                link not in known
                and not PASSED.search(link.partition("?")[0])
                and not re.search("[?&](sort|show)=", link)
            ):
                known.add(link)
                todo.append(link)
    return answers


def api_of(client: httpx.Client, case: int, uploads: list[int]) -> list[str]:
    """Answers of the API on the case that no other answer links to."""
    found = [
        "/api/cases/",
        f"/api/cases/{case}/",
        f"/api/cases/{case}/series/",
        f"/api/cases/{case}/uploads/",
    ]
    found += ["/api/desk/", "/api/annotations/"]
    found += [f"/api/series/{row['id']}/" for row in everything(client, f"/api/cases/{case}/series/")]
    found += [f"/api/desk/{row['id']}/" for row in everything(client, "/api/desk/")]
    found += [f"/api/annotations/{row['id']}/" for row in everything(client, "/api/annotations/")]
    for upload in uploads:
        found += [f"/api/uploads/{upload}/", f"/api/uploads/{upload}/report/", f"/uploads/{upload}/"]
    return found


def everything(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """All rows of a list of the API."""
    following: str | None = path
    while following:
        answer = client.get(following).raise_for_status().json()
        if isinstance(answer, list):
            yield from answer
            return
        yield from answer["results"]
        following = answer.get("next")


def kept(served: measure.App, sought: identities.Identities) -> list[identities.Place]:
    """Everything in the data folder, in rows and in the broker."""
    folder = served.live.folder
    names = ("names of files", "blobs", "quarantine", "logs", "database", "broker", "other files")
    places = {name: identities.Place(name) for name in names}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        places["names of files"].add(str(inside), str(inside).encode(), sought)
        if not path.is_file():
            continue
        top = inside.parts[0]
        kind = "database" if "sqlite" in top else "logs" if path.suffix == ".log" else top
        with contextlib.suppress(FileNotFoundError):
            places[kind if kind in places else "other files"].add(str(inside), path.read_bytes(), sought)
    # A database file may hold text in pages of its own; rows are read as rows as well.
    places["database"].add("rows", served.live.manage("dumpdata").encode(), sought)
    with redis.Redis.from_url(served.redis_url, socket_timeout=None) as store:
        for key in store.scan_iter():
            places["broker"].add(key.decode(errors="replace"), key + b"\n" + (store.dump(key) or b""), sought)
    return list(places.values())


def leftovers(folder: Path) -> list[str]:
    """Files of the quarantine and drafts of blobs that should be gone."""
    raw = [path for path in (folder / "quarantine").rglob("*") if path.is_file()]
    drafts = [path for path in (folder / "blobs").rglob("*") if path.name.startswith(".") and path.is_file()]
    drafts += [path for path in (folder / "blobs").glob(".work-*/**/*") if path.is_file()]
    return sorted({str(path.relative_to(folder)) for path in raw + drafts})


def pictures(context: "BrowserContext", page: "Page", paths: dict[str, str], folder: Path) -> None:
    """Screenshots at three widths: the page that sent the files, then the others."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"sending-{width}.png", full_page=True)
    other = context.new_page()
    for name, path in paths.items():
        for width in WIDTHS:
            other.set_viewport_size({"width": width, "height": 900})
            other.goto(path)
            other.wait_for_timeout(1500)
            other.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
    other.close()


def trial(served: measure.App, files: list[Path], top: Path, screens: Path | None) -> dict[str, Any]:
    """The whole of it; see the module."""
    case = served.json(CASE)
    session = {"sessionid": served.people["instructor"][1]}
    with (
        measure.chromium() as browser,
        httpx.Client(base_url=served.live.base_url, cookies=session, timeout=120) as client,
    ):
        context = measure.signed_in(browser, served, "instructor")
        page = context.new_page()
        result = {"files": len(files), **drop(page, case, files)}
        rows = fates(client, result["batch"])
        held = [row["id"] for row in everything(client, "/api/desk/")]
        result["fates"] = dict(Counter(f"{row['state']}: {row['code']}" for row in rows).most_common())
        result["sentences"] = dict(
            Counter(row["sentence"] for row in rows if row["state"] == "refused").most_common()
        )
        result["series"] = {
            "shown": len(list(everything(client, f"/api/cases/{case}/series/"))),
            "held": len(held),
        }
        result["leftovers"] = leftovers(served.live.folder)
        if screens:
            paths = {
                "case": f"/cases/{case}/",
                "batch": result["batch"],
                "library": "/",
                "desk": "/desk/",
                "report": f"{result['batch']}report/",
            }
            paths |= {f"desk-{number}": f"/desk/{pk}/" for number, pk in enumerate(held[:3])}
            pictures(context, page, paths, screens)
        sought = identities.of_files(files, top)
        pages, api = identities.Place("pages"), identities.Place("api")
        starts = [
            "/",
            f"/cases/{case}/",
            "/desk/",
            "/jobs/",
            *api_of(client, case, [row["id"] for row in rows]),
        ]
        starts += [f"/batches/{result['batch'].strip('/').split('/')[-1]}/?page={n}" for n in range(1, 6)]
        result["answers"] = dict(crawl(client, starts, pages, api, sought))
        context.close()
    sent = identities.Place("what was sent")
    for path in files:
        sent.add(path.name, str(path.relative_to(top)).encode() + b"\n" + path.read_bytes(), sought)
    told = sent.hits(sought, frozenset())["identities"]
    # The same search finds them where they are: a search that finds nothing anywhere would prove nothing.
    result["sought"] = {**sought.counts(), "found in what was sent": len({row["value"] for row in told})}
    result["found"] = identities.search([pages, api, *kept(served, sought)], sought)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", type=Path, help="folder for screenshots at three widths")
    options = parser.parse_args()
    top = measure.shared("data")
    files = sent_files(top)
    if not files:
        raise SystemExit(f"No files in {top}/{SETS}.")
    report = measure.Report("trial")
    with measure.app() as served:
        for name, figure in trial(served, files, top, options.screens).items():
            report.add(name, figure)
    report.print()
    hits = sum(len(place["identities"]) for place in report.figures["found"].values())
    if hits or report.figures["leftovers"]:
        sys.exit(f"{hits} identities and {len(report.figures['leftovers'])} leftovers were found.")


if __name__ == "__main__":
    main()
