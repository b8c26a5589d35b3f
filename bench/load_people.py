"""What a person does in the portal: bench/load.py lets several of them live."""

import re
from typing import Any

from bench.load_clients import Place
from bench.load_pipelines import Web

#: What a person reads of a page, in seconds.
READ_SECONDS = 0.5
#: So many times a person looks around before signing out.
LOOKS = 8
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Person(Web):
    """Signs in, looks around as links lead, and signs out."""

    kind = "people"

    def __init__(self, place: Place, number: int, stop: Any) -> None:
        super().__init__(place, number, stop)
        self._email, self._password = place.people[number % len(place.people)]

    def live(self) -> None:
        """A visit, from signing in to signing out."""
        # A person whose last visit ended in an error begins with a new browser.
        self.http.close()
        self.http = self.connect()
        self._sign_in()
        for _ in range(LOOKS):
            self._look_around()
        self._post("sign out", "/accounts/logout/", {})
        self.done["visits"] += 1

    def _read(self, call: str, address: str) -> str:
        self.pause(READ_SECONDS)
        page = self.send(call, "GET", address).text
        self.demand("</html>" in page, f"{address} ends early")
        return page

    def _post(self, call: str, address: str, body: dict[str, str]) -> None:
        token = {"csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        self.send(call, "POST", address, (302,), data=body | token)

    def _sign_in(self) -> None:
        self._read("sign-in page", "/accounts/login/")
        self._post("sign in", "/accounts/login/", {"login": self._email, "password": self._password})
        self.demand("sessionid" in self.http.cookies, f"{self._email} could not sign in")

    def _look_around(self) -> None:
        slug = f"/projects/{self.place.slug}"
        self._read("home", "/")
        self._read("projects", "/projects/")
        project = self._read("project", f"{slug}/")
        runs = self._read("runs by metric", f"{slug}/runs/?sort=-metric.auc")
        if found := re.search(rf"/runs/{_UUID}/", runs):
            self._read("run", found[0])
        if found := re.search(rf"/versions/{_UUID}/", project):
            self._read("version", found[0])
        self._read("experiments", f"{slug}/experiments/")
        self._read("audit trail", f"{slug}/audit/")
