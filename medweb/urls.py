"""Every address of the site. The access table in the tests knows each by name."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from medweb import api_docs, health

urlpatterns = [
    path("", include("cases.urls")),
    path("", include("analysis.urls")),
    path("", include("medweb.accounts.urls")),
    path("", include("medweb.audit.urls")),
    path("", include("medweb.jobs.urls")),
    path("", include("medweb.live.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/", include("medweb.api")),
    path("api/docs/", api_docs.docs, name="api-docs"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
]

handler400 = "medweb.errors.bad_request"
handler403 = "medweb.errors.forbidden"
handler404 = "medweb.errors.not_found"
handler500 = "medweb.errors.server_error"
