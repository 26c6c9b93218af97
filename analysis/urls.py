from django.urls import path

from analysis.views import analysis, case_panel, home, models, overlays

app_name = "analysis"
urlpatterns = [
    path("cases/<int:case_id>/analysis/", case_panel.case_panel, name="case-panel"),
    path("cases/<int:case_id>/analysis/status/", case_panel.case_status, name="case-status"),
    path("cases/<int:case_id>/analysis/features/", case_panel.case_features, name="case-features"),
    path("cases/<int:case_id>/analyse/", case_panel.analyse, name="analyse"),
    path("analyses/<int:pk>/pictures/<slug:name>.png", analysis.analysis_picture, name="analysis-picture"),
    path("analyses/<int:pk>/features.csv", analysis.analysis_features_csv, name="analysis-features-csv"),
    path("overlays/<int:pk>/<slug:digest>/values", overlays.overlay_values, name="overlay-values"),
    path("home/models/", home.home_models, name="home-models"),
    path("models/", models.models, name="models"),
    path("collections/<int:collection_id>/models/", models.collection_models, name="collection-models"),
    path(
        "collections/<int:collection_id>/models/training/",
        models.collection_training,
        name="collection-training",
    ),
    path("collections/<int:collection_id>/models/train/", models.train, name="train"),
    path("models/<int:pk>/", models.model, name="model"),
    path("models/<int:pk>/promote/", models.model_promote, name="model-promote"),
    path("models/<int:pk>/retire/", models.model_retire, name="model-retire"),
    path("models/<int:pk>/charts/<slug:name>/<slug:theme>.svg", models.model_chart, name="model-chart"),
]
