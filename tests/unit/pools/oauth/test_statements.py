"""What the authorization server asks the database, statement by statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from identity import ids
from identity.keys import rotation, signing
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.models import Client, ClientSecret, Pool, ResourceServer, User
from pools.models.user import UserStatus
from pools.oauth import authorize, token
from pools.signin import browser
from pools.web import cookies

pytestmark = pytest.mark.django_db

POOL = "us-east-1_granted"
CALLBACK = "https://app.example/callback"
SECRET = "secret" * 4


@pytest.fixture
def pool() -> Pool:
    pool = Pool.objects.create(id=POOL, name="pool", region="us-east-1", settings=pool_config.created({}))
    if not signing.keys_of(pool.id, pool.revision).signers:  # then they stay in the cache, for all tests
        rotation.assign(pool.id)
        signing.keys_of(pool.id, pool.revision)
    return pool


def made_client(pool: Pool, **members: Any) -> Client:
    settings = client_config.stored(
        {"AllowedOAuthFlowsUserPoolClient": True, **members},
        pool_id=pool.id,
        schema=Schema.of(pool),
        tier="ESSENTIALS",
        has_secret=True,
        custom_scopes=pool.custom_scopes,
    )
    client = Client(pool=pool, client_id=ids.client_id(), name="client", settings=settings)
    client.save()
    ClientSecret.objects.create(secret_id=ids.client_id(), client=client, value=SECRET)
    return client


@pytest.fixture
def app(pool: Pool) -> Client:
    return made_client(
        pool,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )


def posted(view: Callable[..., Any], client: Client, **form: str) -> dict[str, Any]:
    given = {"client_id": client.client_id, "client_secret": SECRET, **form}
    request = RequestFactory().post("/", urlencode(given), content_type="application/x-www-form-urlencoded")
    response = view(request, pool_id=POOL)
    assert response.status_code == 200, response.getvalue()
    members: dict[str, Any] = orjson.loads(response.getvalue())
    return members


@pytest.fixture
def code(app: Client) -> Callable[[], str]:
    """Gives a code of a browser that is signed in."""
    user = User.objects.create(pool=app.pool, sub=ids.sub(), username="ada", status=UserStatus.CONFIRMED)
    cookie = browser.open(user)

    def ask() -> str:
        asked = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}
        request = RequestFactory().get("/", asked)
        request.COOKIES[cookies._name(cookies.SESSION, app.pool)] = cookie
        response = authorize.authorize(request, pool_id=POOL)
        return parse_qs(urlsplit(response["Location"]).query)["code"][0]

    return ask


def test_a_code_is_two_looks_and_one_row(
    code: Callable[[], str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code()  # what is kept in the process is there now
    with django_assert_num_queries(3):
        code()


def test_an_exchange_is_two_looks_and_one_row(
    app: Client, code: Callable[[], str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    posted(token.token, app, code=code(), **form)
    second = code()
    with django_assert_num_queries(3):
        posted(token.token, app, code=second, **form)


def test_a_refresh_is_two_looks(
    app: Client, code: Callable[[], str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = posted(token.token, app, code=code(), grant_type="authorization_code", redirect_uri=CALLBACK)
    with django_assert_num_queries(2):
        posted(token.token, app, grant_type="refresh_token", refresh_token=first["refresh_token"])


def test_a_token_of_a_client_is_one_look(pool: Pool, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ResourceServer.objects.create(pool=pool, identifier="api", name="api", scopes={"read": "read"})
    machine = made_client(pool, AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["api/read"])
    posted(token.token, machine, grant_type="client_credentials")
    with django_assert_num_queries(1):
        posted(token.token, machine, grant_type="client_credentials")
