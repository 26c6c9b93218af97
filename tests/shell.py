"""A Django shell that stays open, so that a test's lines of code need not start Django each time.

``python -m tests.shell`` is the child; :class:`Shell` speaks to it, one line of JSON each way.
"""

import contextlib
import io
import json
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 300


class Shell:
    """A child with Django set up in a given environment.

    Parameters
    ----------
    before : sequence of str
        What goes before the interpreter on the command line.
    folder : Path
        Folder the child runs in.
    environment : mapping
        Its environment.
    log : Path
        File that takes what the child writes to its error channel.
    """

    def __init__(
        self, before: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [*before, sys.executable, "-m", "tests.shell"],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def run(self, code: str) -> str:
        """Run ``code`` in a namespace of its own; returns what it printed, fails with its traceback."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        too_long = threading.Timer(SECONDS, self._process.kill)
        too_long.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(code).encode() + b"\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            too_long.cancel()
        assert line, f"the shell ended:\n{self._log.read_text()[-2000:]}"
        printed, trouble = json.loads(line)
        assert not trouble, f"{code}\n{printed}\n{trouble}"
        return str(printed)

    def close(self) -> None:
        """End the child: it does when its input does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _run(code: str) -> tuple[str, str]:
    """What ``code`` printed, and its traceback or nothing."""
    from django.db import connections

    printed, trouble = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})
        except BaseException:  # noqa: BLE001  it is told to the test
            trouble = traceback.format_exc()
        finally:
            # Tests count connections, and a database with open ones cannot be copied.
            connections.close_all()
    return printed.getvalue(), trouble


def main() -> None:
    """Read code, a line of JSON each, and answer with ``[printed, traceback]``."""
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
