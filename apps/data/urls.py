from django.urls import path

from apps.data.views import features, leakage, sources

app_name = "data"
urlpatterns = [
    path("projects/<slug:slug>/data/", sources.sources, name="sources"),
    path("data-sources/<uuid:pk>/", sources.source, name="source"),
    path("projects/<slug:slug>/features/", features.features, name="features"),
    path("projects/<slug:slug>/features/import/", features.take_over, name="features_import"),
    path("projects/<slug:slug>/features/<str:form>/export/", features.export, name="features_export"),
    path("features/<uuid:pk>/", features.feature, name="feature"),
    path("projects/<slug:slug>/leakage/", leakage.leakage, name="leakage"),
]
