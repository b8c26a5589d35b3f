from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<uuid:pk>/password/", views.reset_password, name="reset_password"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/service-accounts/", views.service_account, name="service_account"),
    path("tokens/<uuid:pk>/revoke/", views.revoke, name="revoke"),
]
