from django.urls import path

from apps.evaluations import views

app_name = "evaluations"
urlpatterns = [
    path("evaluations/<uuid:pk>/", views.evaluation, name="evaluation"),
    path("evaluations/<uuid:pk>/report.json", views.download, name="download"),
    path("evaluations/<uuid:pk>/pdf/", views.request_pdf, name="pdf"),
    path("evaluations/<uuid:pk>/report.pdf", views.download_pdf, name="report_pdf"),
    path("evaluations/<uuid:pk>/data/<str:name>.csv", views.data, name="data"),
    path("evaluations/<uuid:pk>/beside/", views.beside, name="beside"),
    path("evaluations/<uuid:pk>/retry/", views.retry, name="retry"),
]
