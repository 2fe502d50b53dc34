"""A KMS, S3, STS and DynamoDB for the tests: moto on 127.0.0.1, at a free port.

    moto_server.py [--keys keys.json]

Prints one line, {"endpoint": "http://127.0.0.1:PORT"}, when it listens, and ends when its
standard input does. `GET /__requests` lists the requests seen, `DELETE /__requests` forgets them.

`POST /__ports` opens another port, with an account and a list of requests of its own, so that several
test files can use one process; it answers as above. `DELETE /__ports` closes the port that it is sent to.
`--keys` adds fixed KMS keys: {"keys": {NAME: {"kind": "kms", "arn": ARN, "hex": 256-bit key}}},
with "replicas": [ARN] of a multi-Region key.
"""
import argparse
import collections
import io
import itertools
import json
import logging
import re
import signal
import sys
import threading
from urllib.parse import parse_qs

from moto.kms.models import Key, kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

REMEMBERED = 10_000
# The test support's own calls, which set the stage, are no part of what a test looks at.
SUPPORT_ACCESS_KEY = "test-support"
# moto undoes a transaction by putting back the whole table, and with it what others wrote meanwhile.
DYNAMODB = threading.Lock()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", action="append", default=[])
    for path in parser.parse_args().keys:
        load_keys(path)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    ports = Ports(DomainDispatcherApplication(create_backend_app))
    print(json.dumps(ports.open(None)), flush=True)
    sys.stdin.buffer.read()


class Ports:
    """The servers of this process, by their port; they share moto, and each has an account of its own."""

    def __init__(self, moto):
        self.moto = moto
        self.servers = {}
        self.accounts = map(str, itertools.count(200_000_000_001))

    def open(self, account):
        """Listen at a free port; without an account, the credentials choose it, as moto does by itself."""
        log = RequestLog(self.moto, self, account)
        server = make_server("127.0.0.1", 0, log, threaded=True, request_handler=MotoRequestHandler)
        self.servers[str(server.server_port)] = server
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return {"endpoint": f"http://127.0.0.1:{server.server_port}"}

    def close(self, port):
        server = self.servers.pop(port)
        # From another thread: the one that answers would wait for itself.
        threading.Thread(target=lambda: (server.shutdown(), server.server_close()), daemon=True).start()


def load_keys(path):
    """Put keys under the ids that stored messages name; CreateKey would invent ids and material."""
    with open(path, encoding="utf-8") as file:
        keys = json.load(file)["keys"].values()
    for entry in keys:
        if entry["kind"] != "kms":
            continue
        for arn in [entry["arn"], *entry.get("replicas", [])]:
            _, _, _, region, account, resource = arn.split(":", 5)
            key = Key(policy=None, key_usage="ENCRYPT_DECRYPT", key_spec="SYMMETRIC_DEFAULT",
                      description="fixed", account_id=account, region=region)
            key.id = resource.removeprefix("key/")
            key.arn = arn
            key.key_material = bytes.fromhex(entry["hex"])
            kms_backends[account][region].keys[key.id] = key


class RequestLog:
    """WSGI middleware of one port that remembers who asked for what, and answers for its account."""

    def __init__(self, app, ports, account):
        self.app = app
        self.ports = ports
        self.account = account
        self.requests = collections.deque(maxlen=REMEMBERED)

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/__requests":
            return self.answer_requests(environ["REQUEST_METHOD"], start_response)
        if environ["PATH_INFO"] == "/__ports":
            return self.answer_ports(environ, start_response)
        if self.account:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        entry = describe(environ)
        if entry["accessKeyId"] != SUPPORT_ACCESS_KEY:
            self.requests.append(entry)
        if entry["service"] != "dynamodb":
            return self.app(environ, start_response)
        with DYNAMODB:
            return self.app(environ, start_response)

    def answer_requests(self, method, start_response):
        requests = list(self.requests)
        if method == "DELETE":
            self.requests.clear()
        return answer(requests, start_response)

    def answer_ports(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            return answer(self.ports.open(next(self.ports.accounts)), start_response)
        self.ports.close(environ["SERVER_PORT"])
        return answer({}, start_response)


def answer(value, start_response):
    body = json.dumps(value).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def describe(environ):
    scope = re.search(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    access_key_id, region, service = scope.groups() if scope else (None, None, None)
    kind = environ.get("CONTENT_TYPE", "")
    body = read_body(environ) if kind.startswith(("application/x-www-form", "application/x-amz-json")) else b""
    fields = json.loads(body) if kind.startswith("application/x-amz-json") else {}
    return {
        # The target of a JSON call, or the `Action` of a query-protocol one, such as STS's AssumeRole.
        "target": environ.get("HTTP_X_AMZ_TARGET") or parse_qs(body.decode()).get("Action", [None])[0],
        "service": service,
        "accessKeyId": access_key_id,
        "region": region,
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "range": environ.get("HTTP_RANGE"),
        "keyId": fields.get("KeyId"),
        "encryptionContext": fields.get("EncryptionContext"),
        "body": fields,
    }


def read_body(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


if __name__ == "__main__":
    main()
