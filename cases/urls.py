from django.urls import path

from cases.views import batch, case, collection, desk, library, planes, privacy, series, slide, upload

app_name = "cases"
urlpatterns = [
    path("", library.library, name="library"),
    path("cases/new/", case.case_create, name="case-create"),
    path("cases/<int:pk>/", case.case_page, name="case"),
    path("cases/<int:pk>/text/", case.case_text, name="case-text"),
    path("cases/<int:pk>/edit/", case.case_edit, name="case-edit"),
    path("cases/<int:pk>/publish/", case.case_publish, name="case-publish"),
    path("cases/<int:pk>/withdraw/", case.case_withdraw, name="case-withdraw"),
    path("cases/<int:pk>/delete/", case.case_delete, name="case-delete"),
    path("cases/<int:pk>/put/", case.case_put, name="case-put"),
    path("cases/<int:pk>/uploads/", upload.upload_list, name="upload-list"),
    path("cases/<int:pk>/uploads/new/", upload.upload_create, name="upload-create"),
    path("cases/<int:pk>/batches/", upload.batch_create, name="batch-create"),
    path("cases/<int:pk>/files/", upload.file_create, name="file-create"),
    path("files/<int:pk>/", upload.file, name="file"),
    path("batches/<int:pk>/", upload.batch, name="batch"),
    path("batches/<int:pk>/state/", upload.batch_state, name="batch-state"),
    path("batches/<int:pk>/cancel/", batch.batch_cancel, name="batch-cancel"),
    path("uploads/<int:pk>/", upload.upload_state, name="upload"),
    path("uploads/<int:pk>/cancel/", upload.upload_cancel, name="upload-cancel"),
    path("uploads/<int:pk>/report/", privacy.upload_report, name="upload-report"),
    path("uploads/<int:pk>/report.json", privacy.upload_report_json, name="upload-report-json"),
    path("uploads/<int:pk>/report.csv", privacy.upload_report_csv, name="upload-report-csv"),
    path("batches/<int:pk>/report/", privacy.batch_report, name="batch-report"),
    path("batches/<int:pk>/report.json", privacy.batch_report_json, name="batch-report-json"),
    path("batches/<int:pk>/report.csv", privacy.batch_report_csv, name="batch-report-csv"),
    path("cases/<int:pk>/slides/<int:instance>/", slide.slide_page, name="slide"),
    path(
        "slides/<int:pk>/<slug:digest>/<int:level>/<int:x>_<int:y>.jpg", slide.slide_tile, name="slide-tile"
    ),
    path("frames/<int:pk>/<slug:digest>/pixels", series.frame_pixels, name="frame-pixels"),
    path("frames/<int:pk>/<slug:digest>/preview.jpg", series.frame_preview, name="frame-preview"),
    path("frames/<int:pk>/thumbnail.jpg", series.frame_thumbnail, name="frame-thumbnail"),
    path("desk/", desk.desk, name="desk"),
    path(
        "series/<int:pk>/planes/<slug:key>/<slug:plane>/<int:index>/pixels",
        planes.plane_pixels,
        name="plane-pixels",
    ),
    path("desk/<int:pk>/", desk.desk_series, name="desk-series"),
    path("desk/<int:pk>/refuse/", desk.desk_refuse, name="desk-refuse"),
    path("desk/frames/<int:pk>/pixels", desk.desk_pixels, name="desk-pixels"),
    path("desk/frames/<int:pk>/preview.jpg", desk.desk_preview, name="desk-preview"),
    path("collections/", collection.collections, name="collections"),
    path("collections/new/", collection.collection_create, name="collection-create"),
    path("collections/<int:pk>/", collection.collection, name="collection"),
    path("collections/<int:pk>/edit/", collection.collection_edit, name="collection-edit"),
    path("collections/<int:pk>/delete/", collection.collection_delete, name="collection-delete"),
    path(
        "collections/<int:pk>/cases/<int:case_pk>/take-out/",
        collection.collection_take_out,
        name="collection-take-out",
    ),
]
