"""An OpenID provider on Authlib: `oidc-provider-mock` from PyPI. It prints its issuer, what it saw of the protocol, and an end
mark for each line of standard input. It does not check PKCE, so this program does."""

import base64
import hashlib
import json
import os
import sys
import threading

import flask
import oidc_provider_mock
import werkzeug.serving

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
challenges = set()


def show(value):
    print(json.dumps(value), flush=True)


def observe():
    form = flask.request.form
    if flask.request.path == "/oauth2/authorize":
        query = flask.request.args
        challenges.add(query.get("code_challenge"))
        if query.get("nonce"):
            show({"saw": "nonce"})
        show({"saw": "redirect to 127.0.0.1"} if "127.0.0.1" in query.get("redirect_uri", "") else {})
    if flask.request.path != "/oauth2/token":
        return
    if flask.request.authorization:
        show({"saw": "client_secret_basic"})
    if form.get("client_secret"):
        show({"saw": "client_secret_post"})
    if form.get("grant_type") == "refresh_token":
        show({"saw": "refresh"})
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() in challenges:
        show({"saw": "PKCE S256"})


app = oidc_provider_mock.app(require_nonce=True)
app.before_request(observe)
server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
show({"issuer": f"http://127.0.0.1:{server.server_port}"})
for _ in sys.stdin:
    show({"end": True})
