from django.urls import path

from apps.notifications.views import notices, webhooks

app_name = "notifications"
urlpatterns = [
    path("notices/", notices.unread, name="unread"),
    path("notices/all/", notices.everything, name="all"),
    path("notices/read/", notices.read_all, name="read_all"),
    path("notices/preferences/", notices.preferences, name="preferences"),
    path("notices/mails/", notices.mails, name="mails"),
    path("notices/mails/<uuid:pk>/again/", notices.mail_again, name="mail_again"),
    path("notices/<uuid:pk>/", notices.follow, name="follow"),
    path("notices/<uuid:pk>/read/", notices.read, name="read"),
    path("webhooks/", webhooks.of_site, name="site_webhooks"),
    path("projects/<slug:slug>/webhooks/", webhooks.of_project, name="project_webhooks"),
    path("webhooks/<uuid:pk>/", webhooks.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/rotate/", webhooks.rotate, name="rotate"),
    path("webhooks/<uuid:pk>/test/", webhooks.test, name="test"),
    path("webhooks/<uuid:pk>/remove/", webhooks.remove, name="remove"),
    path("webhooks/deliveries/<uuid:pk>/", webhooks.delivery, name="delivery"),
    path("webhooks/deliveries/<uuid:pk>/redeliver/", webhooks.redeliver, name="redeliver"),
]
