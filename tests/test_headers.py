"""The security headers of every page, as a site behind HTTPS sends them."""

import pytest
from django.test import Client
from pytest_django import Settings

PAGES = ["/", "/embed/", "/admin/login/", "/livez", "/api/openapi.json", "/nothing"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_no_page_lacks_a_security_header(client: Client, page: str) -> None:
    headers = client.get(page).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.django_db
def test_only_the_frame_may_be_framed(client: Client) -> None:
    framable = {page for page in PAGES if client.get(page).headers.get("X-Frame-Options") != "DENY"}
    assert framable == {"/embed/"}


@pytest.mark.django_db
def test_the_way_to_https_carries_them_too(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/")
    assert answer.status_code == 301
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db
def test_a_site_behind_https_asks_for_a_year_of_it(client: Client, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    headers = client.get("/livez", secure=True).headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
