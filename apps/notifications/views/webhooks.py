"""Webhooks: their list, one with its log, and one message with its tries."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.errors import MlgovError
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.notifications import queries, services
from apps.notifications.forms import WebhookChangeForm, WebhookForm
from apps.notifications.models import Webhook
from apps.notifications.permissions import can_manage_webhooks
from apps.projects.models import Project
from apps.projects.queries import project_for


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def of_project(request: SignedInRequest, slug: str) -> HttpResponse:
    """List a project's webhooks and make one."""
    project = project_for(request.user, slug)
    can_manage_webhooks(request.user, project).enforce()
    return _list(request, project)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def of_site(request: SignedInRequest) -> HttpResponse:
    """List the webhooks of the whole site, for administrators."""
    if not request.user.is_administrator:
        raise Http404
    return _list(request, None)


def _list(request: SignedInRequest, project: Project | None) -> HttpResponse:
    site = project is None
    form, made = WebhookForm(request.POST or None, site=site), None
    if request.method == "POST" and form.is_valid():
        made = attempt(form, services.create_webhook, project, by=request.user, **form.cleaned_data)
    context = {
        "project": project,
        "form": WebhookForm(site=site) if made else form,
        "made": made,
        "webhooks": queries.webhooks_of(project),
    }
    return page(request, "notifications/webhooks.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def webhook(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a webhook with its log, and change it."""
    found = queries.webhook_for(request.user, pk)
    form = _form_of(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, services.change_webhook, found, by=request.user, **form.cleaned_data)
        if not form.errors:
            messages.success(request, "The webhook is changed.")
            return redirect("notifications:webhook", found.pk)
    return _one(request, found, form)


def _form_of(found: Webhook, data: QueryDict | None = None) -> WebhookChangeForm:
    initial = {name: getattr(found, name) for name in ("name", "url", "kinds", "enabled")}
    return WebhookChangeForm(
        data, site=found.project is None, initial={**initial, "expect": found.lock_version}
    )


def _one(request: SignedInRequest, found: Webhook, form: WebhookChangeForm, secret: str = "") -> HttpResponse:
    context = {
        "project": found.project,
        "webhook": found,
        "form": form,
        "secret": secret,
        "page": page_of(request, queries.deliveries_of(found)),
    }
    return page(request, "notifications/webhook.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_POST
def rotate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Renew the secret, shown this once."""
    found, secret = services.rotate_secret(queries.webhook_for(request.user, pk), by=request.user)
    return _one(request, found, _form_of(found), secret)


@login_required
@require_POST
def test(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send a test."""
    found = queries.webhook_for(request.user, pk)
    try:
        return redirect("notifications:delivery", services.send_test(found, by=request.user).pk)
    except MlgovError as error:
        messages.error(request, error.sentence)
    return redirect("notifications:webhook", found.pk)


@login_required
@require_POST
def remove(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a webhook away."""
    found = queries.webhook_for(request.user, pk)
    services.remove_webhook(found, by=request.user)
    messages.success(request, f"The webhook {found} is removed.")
    return redirect(list_address(found))


def list_address(found: Webhook) -> str:
    """Return where the list stands that a webhook belongs to."""
    if found.project is None:
        return reverse("notifications:site_webhooks")
    return reverse("notifications:project_webhooks", args=[found.project.slug])


@login_required
@require_GET
def delivery(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a message and each try."""
    found = queries.delivery_for(request.user, pk)
    context = {
        "project": found.webhook.project,
        "webhook": found.webhook,
        "delivery": found,
        "attempts": found.attempts.order_by("number"),
    }
    return page(request, "notifications/delivery.html", context, fragment="notifications/_tries.html")


@login_required
@require_POST
def redeliver(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send a message once more."""
    found = queries.delivery_for(request.user, pk)
    try:
        services.redeliver(found, by=request.user)
        messages.success(request, "It is on its way again, under the same id.")
    except MlgovError as error:
        messages.error(request, error.sentence)
    return redirect("notifications:delivery", found.pk)
