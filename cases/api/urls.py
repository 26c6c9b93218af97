from django.urls import path

from cases.api import annotation, case, collection, privacy, series, slide, upload

urlpatterns = [
    path("cases/", case.CaseList.as_view(), name="api-cases"),
    path("cases/<int:pk>/", case.CaseDetail.as_view(), name="api-case"),
    path("cases/<int:pk>/publish/", case.CasePublish.as_view(), name="api-case-publish"),
    path("cases/<int:pk>/withdraw/", case.CaseWithdraw.as_view(), name="api-case-withdraw"),
    path("cases/<int:pk>/series/", series.CaseSeries.as_view(), name="api-case-series"),
    path("cases/<int:pk>/uploads/", upload.CaseUploads.as_view(), name="api-case-uploads"),
    path("cases/<int:pk>/batches/", upload.CaseBatches.as_view(), name="api-case-batches"),
    path("cases/<int:pk>/files/", upload.CaseFiles.as_view(), name="api-case-files"),
    path("files/<int:pk>/", upload.FileDetail.as_view(), name="api-file"),
    path("batches/<int:pk>/", upload.BatchDetail.as_view(), name="api-batch"),
    path("series/<int:pk>/", series.SeriesDetail.as_view(), name="api-series"),
    path("slides/<int:pk>/", slide.SlideDetail.as_view(), name="api-slide"),
    path(
        "slides/<int:pk>/<slug:digest>/<int:level>/<int:x>_<int:y>.jpg",
        slide.SlideTile.as_view(),
        name="api-slide-tile",
    ),
    path("uploads/<int:pk>/", upload.UploadDetail.as_view(), name="api-upload"),
    path("uploads/<int:pk>/cancel/", upload.UploadCancel.as_view(), name="api-upload-cancel"),
    path("uploads/<int:pk>/report/", privacy.UploadReport.as_view(), name="api-upload-report"),
    path("batches/<int:pk>/report/", privacy.BatchReport.as_view(), name="api-batch-report"),
    path("annotations/", annotation.AnnotationList.as_view(), name="api-annotations"),
    path("annotations/<int:pk>/", annotation.AnnotationDetail.as_view(), name="api-annotation"),
    path("annotations/<int:pk>/submit/", annotation.AnnotationSubmit.as_view(), name="api-annotation-submit"),
    path("collections/", collection.CollectionList.as_view(), name="api-collections"),
    path("collections/<int:pk>/", collection.CollectionDetail.as_view(), name="api-collection"),
    path("collections/<int:pk>/items/", collection.CollectionItems.as_view(), name="api-collection-items"),
    path("terms/", collection.TermList.as_view(), name="api-terms"),
]
