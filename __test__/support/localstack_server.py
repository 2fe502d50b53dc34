"""LocalStack's KMS and S3 on 127.0.0.1: prints its endpoint as JSON, and ends with its standard input."""

import json
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request


def free_port():
    """Returns a free port below those that systems give to outgoing connections, one of which could take it."""
    while True:
        port = random.randrange(20_000, 32_768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def tell_when_ready(endpoint):
    while True:
        try:
            urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=1).read()
            break
        except OSError:
            time.sleep(0.1)
    print(json.dumps({"endpoint": endpoint}), flush=True)


def end_with_input():
    sys.stdin.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)


def main():
    port = free_port()
    os.environ.update(
        SERVICES="kms,s3",
        GATEWAY_SERVER="hypercorn",
        GATEWAY_LISTEN=f"127.0.0.1:{port}",
        DISABLE_EVENTS="1",
        SKIP_SSL_CERT_DOWNLOAD="1",
        DNS_ADDRESS="0",
    )
    # Where it keeps its files.
    os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="localstack-")
    tempfile.tempdir = None
    os.chdir(os.environ["TMPDIR"])
    for work in (end_with_input, lambda: tell_when_ready(f"http://127.0.0.1:{port}")):
        threading.Thread(target=work, daemon=True).start()
    from localstack.runtime.main import main as run
    from localstack.services.s3 import provider

    # Else it is one folder for all of a machine, which stays.
    provider.DEFAULT_S3_TMP_DIR = os.path.join(os.environ["TMPDIR"], "s3")
    run()


main()
