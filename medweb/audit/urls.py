from django.urls import path

from medweb.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.events, name="events"),
    path("audit/events.csv", views.events_csv, name="events-csv"),
]
