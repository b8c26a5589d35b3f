from django.urls import path

from apps.policies import views

app_name = "policies"
urlpatterns = [path("policies/<slug:slug>/<int:number>/", views.revision, name="revision")]
