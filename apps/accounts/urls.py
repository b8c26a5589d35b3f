from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<uuid:pk>/password/", views.reset_password, name="reset_password"),
    path("people/<uuid:pk>/second-factors/", views.remove_second_factors, name="remove_second_factors"),
    path("people/<uuid:pk>/switch/", views.switch, name="switch"),
    path("accounts/security/totp/qr.svg", views.totp_qr, name="totp_qr"),
    path("passkey/", views.ask_passkey, name="ask_passkey"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/service-accounts/", views.service_account, name="service_account"),
    path("tokens/<uuid:pk>/revoke/", views.revoke, name="revoke"),
]
