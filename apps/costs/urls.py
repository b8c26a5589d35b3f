from django.urls import path

from apps.costs import views

app_name = "costs"
urlpatterns = [
    path("projects/<slug:slug>/costs/", views.project, name="project"),
    path("projects/<slug:slug>/costs/export/", views.export, name="export"),
    path("projects/<slug:slug>/costs/savings/", views.savings, name="savings"),
    path("projects/<slug:slug>/costs/gpus/", views.gpus, name="gpus"),
    path("costs/<uuid:pk>/", views.entry, name="entry"),
    path("exchange-rates/", views.rates, name="rates"),
]
