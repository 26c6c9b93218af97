"""Jobs in the API."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from medweb.accounts.current import person
from medweb.jobs import services
from medweb.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    title = serializers.CharField(read_only=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "title",
            "state",
            "stage",
            "progress",
            "attempt",
            "error",
            "result",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class JobList(generics.ListAPIView[Job]):
    """Jobs you may see, newest first."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Job.objects.visible_to(person(self.request))


class JobDetail(generics.RetrieveAPIView[Job]):
    """One job: state, progress between 0 and 1, stage, and the ids of its result."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Job.objects.visible_to(person(self.request))


class _Act(APIView):
    def get_job(self, pk: int) -> Job:
        return services.visible_or_404(person(self.request), pk)


class JobCancel(_Act):
    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a waiting or running job."""
        job = self.get_job(pk)
        services.cancel(job=job, by=person(request))
        job.refresh_from_db()
        return Response(JobSerializer(job).data)


class JobRetry(_Act):
    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Queue a failed or cancelled job again."""
        job = services.retry(job=self.get_job(pk), by=person(request))
        return Response(JobSerializer(job).data)


urlpatterns = [
    path("jobs/", JobList.as_view(), name="api-jobs"),
    path("jobs/<int:pk>/", JobDetail.as_view(), name="api-job"),
    path("jobs/<int:pk>/cancel/", JobCancel.as_view(), name="api-job-cancel"),
    path("jobs/<int:pk>/retry/", JobRetry.as_view(), name="api-job-retry"),
]
