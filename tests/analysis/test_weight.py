"""What the web process must not load."""

import os
import subprocess
import sys


def test_the_web_process_starts_without_learning_and_drawing_libraries():
    """scikit-learn alone costs seconds on a cold start; a broken one must not take the site down."""
    code = (
        "import django, sys; django.setup(); import medweb.urls; "
        "from django.urls import get_resolver; get_resolver().url_patterns; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'sklearn', 'skops', 'matplotlib'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "medweb.settings"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
