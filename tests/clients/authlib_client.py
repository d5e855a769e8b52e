"""PyPI's Authlib, unmodified. The test plays the person: see tests/support/conversation.mjs."""

import os
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

issuer = os.environ["ISSUER"]
client_id, client_secret = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
callback = "https://app.example.test/callback"
# The server of the test has no certificate.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


def person(word, value):
    print(word, value, flush=True)
    return sys.stdin.readline().strip()


metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())


def claims_of(id_token, **expected):
    claims = jwt.decode(id_token, keys, algorithms=["ES256"]).claims
    required = {"iss": issuer, "aud": client_id, **expected}
    jwt.JWTClaimsRegistry(**{name: {"essential": True, "value": value} for name, value in required.items()}).validate(claims)
    return claims


session = OAuth2Session(client_id, client_secret, scope="openid profile offline_access",
                        redirect_uri=callback, code_challenge_method="S256",
                        token_endpoint_auth_method="client_secret_basic")
verifier = "v" * 64
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce="a nonce")
back = person("OPEN", url)
token = session.fetch_token(metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
claims = claims_of(token["id_token"], nonce="a nonce")

me = session.get(metadata["userinfo_endpoint"]).json()
assert me["sub"] == claims["sub"], me

token = session.refresh_token(metadata["token_endpoint"])
assert token["access_token"]
told = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
assert told["active"] is True, told

machine = OAuth2Session(client_id, client_secret, scope="jobs")
assert machine.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["scope"] == "jobs"

device = requests.post(metadata["device_authorization_endpoint"], auth=(client_id, client_secret),
                       data={"scope": "openid"}, timeout=10).json()
grant = "urn:ietf:params:oauth:grant-type:device_code"
television = OAuth2Session(client_id, client_secret)


def poll():
    return television.fetch_token(metadata["token_endpoint"], grant_type=grant, device_code=device["device_code"])


try:
    poll()
    raise SystemExit("a device that nobody approved got tokens")
except Exception as error:
    assert "authorization_pending" in str(error), error
assert person("DEVICE", device["user_code"]) == "DONE"
claims_of(poll()["id_token"])

revoked = session.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"], token_type_hint="refresh_token")
assert revoked.status_code == 200, revoked.text
try:
    session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    raise SystemExit("a revoked refresh token still works")
except Exception as error:
    assert "invalid_grant" in str(error), error

out = requests.Request("GET", metadata["end_session_endpoint"], params={
    "id_token_hint": token["id_token"], "post_logout_redirect_uri": "https://app.example.test/bye"}).prepare().url
assert person("OPEN", out) == "https://app.example.test/bye"
