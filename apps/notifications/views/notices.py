"""One's notices, by which way they come, and for administrators the e-mails that did not get out."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.errors import MlgovError
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.notifications import queries, services
from apps.notifications.forms import PreferencesForm


@login_required
@require_GET
def unread(request: SignedInRequest) -> HttpResponse:
    """List what I have not read."""
    rows = queries.notices_for(request.user).filter(read_at__isnull=True)
    context = {"nav": "notices", "tab": "unread", "page": page_of(request, rows)}
    return page(request, "notifications/notices.html", context)


@login_required
@require_GET
def everything(request: SignedInRequest) -> HttpResponse:
    """List all that I was told."""
    context = {"nav": "notices", "tab": "all", "page": page_of(request, queries.notices_for(request.user))}
    return page(request, "notifications/notices.html", context)


@login_required
@require_GET
def follow(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Go where a notice leads, which reads it; a link, so that keys, new tabs and e-mails work as everywhere."""
    notice = queries.notice_for(request.user, pk)
    services.mark_read(notice, by=request.user)
    return redirect(notice.link or "notifications:all")


@login_required
@require_POST
def read(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Mark one as read."""
    services.mark_read(queries.notice_for(request.user, pk), by=request.user)
    return redirect("notifications:unread")


@login_required
@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    """Mark as read what stood on the page, and nothing that came since."""
    try:
        until = UUID(request.POST.get("until", ""))
    except ValueError:
        raise Http404 from None
    count = services.mark_all_read(by=request.user, until=until)
    messages.success(request, f"{count} {'notice is' if count == 1 else 'notices are'} marked as read.")
    return redirect("notifications:unread")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """Choose by which way each kind of notice comes."""
    form = PreferencesForm(request.POST or None, initial=queries.channels_of(request.user))
    if request.method == "POST" and form.is_valid():
        attempt(form, services.choose_channels, request.user, channels=form.cleaned_data)
        if not form.errors:
            messages.success(request, "Kept. Notices come this way from now on.")
            return redirect("notifications:preferences")
    return page(request, "notifications/preferences.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_GET
def mails(request: SignedInRequest) -> HttpResponse:
    """Show administrators the e-mails that did not get out."""
    if not request.user.is_administrator:
        raise Http404
    return page(request, "notifications/mails.html", {"page": page_of(request, queries.unsent_mails())})


@login_required
@require_POST
def mail_again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send an e-mail once more."""
    mail = queries.unsent_mails().filter(pk=pk).first()
    if mail is None or not request.user.is_administrator:
        raise Http404
    try:
        services.send_mail_again(mail, by=request.user)
        messages.success(request, f"The e-mail to {mail.person} is on its way again.")
    except MlgovError as error:
        messages.error(request, error.sentence)
    return redirect("notifications:mails")
