"""Sign-in, slowed down for who tries many passwords: from one address, or for one name."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from sameboat.registry import rate_limits
from sameboat.registry.access import client_address
from sameboat.registry.refusals import TooMany
from sameboat.registry.work.pages import refused


class SignIn(LoginView):
    """Signs a member in."""

    template_name = "site/sign-in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        """Check how often this address, and anyone with this name, tried; then the password."""
        try:
            rate_limits.check("sign-in-address", rate_limits.network_of(client_address(request)))
            rate_limits.check("sign-in", request.POST.get("username", "")[:150].casefold())
        except TooMany as refusal:
            return refused(request, refusal)
        return super().post(request, *args, **kwargs)
