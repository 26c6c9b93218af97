from django.urls import path

from analysis.api import analysis, model

urlpatterns = [
    path("cases/<int:pk>/analyses/", analysis.CaseAnalyses.as_view(), name="api-case-analyses"),
    path("cases/<int:pk>/predictions/", analysis.CasePredictions.as_view(), name="api-case-predictions"),
    path("cases/<int:pk>/overlays/", analysis.CaseOverlays.as_view(), name="api-case-overlays"),
    path("analyses/<int:pk>/", analysis.AnalysisDetail.as_view(), name="api-analysis"),
    path("training-runs/", model.TrainingRunList.as_view(), name="api-training-runs"),
    path("models/", model.ModelList.as_view(), name="api-models"),
    path("models/<int:pk>/", model.ModelDetail.as_view(), name="api-model"),
    path("models/<int:pk>/promote/", model.ModelPromote.as_view(), name="api-model-promote"),
]
