"""Everything under ``/api/``, gathered from the apps."""

from django.urls import include, path

urlpatterns = [
    path("", include("cases.api.urls")),
    path("", include("analysis.api.urls")),
    path("", include("medweb.jobs.api")),
    path("", include("medweb.accounts.api")),
]
