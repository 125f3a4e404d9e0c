"""What a receiver's first invocation computes: CPU time in a fresh process, after its import, against AWS over TLS."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.httpsession import where
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tqdm import tqdm

from bench.figures import Figure
from shared.domain.connection.connection import Connection
from tests.support.builders import App

ROOT = Path(__file__).parents[1]
MOST_MS = 20.0
EVENTS = {"signup_webhook": ("signup_webhook_joined_json", 202), "intercom_webhook": ("intercom_webhook_user_updated", 200)}
_PROGRAM = """
import json, sys, time
from functions.{function} import handler
class Context:
    aws_request_id = "first"
    def get_remaining_time_in_millis(self):
        return 10_000
event = json.load(sys.stdin)
wall, cpu = time.perf_counter(), time.process_time()
answer = handler.lambda_handler(event, Context())
print(json.dumps({{"cpu": (time.process_time() - cpu) * 1000, "wall": (time.perf_counter() - wall) * 1000, "answer": answer}}))
"""


def measure(rounds: int) -> Iterator[Figure]:
    """``rounds`` processes for each receiver; the median counts."""
    app = App()
    app.environment.connections.save(Connection(app.intercom.settings.workspace_id, "US", "UTC"))
    app.configure()
    with _aws(app) as variables:
        for function, (event, status) in EVENTS.items():
            spent = [_first(function, event, status, variables) for _ in tqdm(range(rounds), desc=function, unit="process")]
            yield Figure("first invocation", f"{function}, CPU", statistics.median(cpu for cpu, _ in spent), "ms", MOST_MS)
            yield Figure("first invocation", f"{function}, wall", statistics.median(wall for _, wall in spent), "ms")


def _first(function: str, event: str, status: int, variables: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds of CPU and by the clock."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(function=function)],
        input=(ROOT / f"events/{event}.json").read_text(),
        env={**variables, "AWS_LAMBDA_FUNCTION_NAME": function},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    read = json.loads(done.stdout.splitlines()[-1])
    if read["answer"]["statusCode"] != status:
        raise RuntimeError(f"{function} answered {read['answer']}: {done.stdout}")
    return read["cpu"], read["wall"]


@contextmanager
def _aws(app: App) -> Iterator[dict[str, str]]:
    """Serves the application's AWS in memory under https; yields the variables of a function that talks to it."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, bundle = Path(folder) / "server.pem", Path(folder) / "bundle.pem"
        certificate.write_bytes(_certificate())
        bundle.write_text(Path(where()).read_text() + certificate.read_text())
        server = _Server(app)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = app.settings
        yield {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "STAGE": "local",
            "CAMPAIGNS_TABLE": settings.campaigns_table,
            "REFERRALS_TABLE": settings.referrals_table,
            "DELIVERY_QUEUE_URL": settings.delivery_queue_url,
            "RECONCILE_QUEUE_URL": settings.reconcile_queue_url,
            "QUALIFICATION_QUEUE_URL": settings.qualification_queue_url,
            "WEBHOOK_SECRET_ARN": settings.webhook_secret_arn,
            "INTERCOM_APP_SECRET_ARN": settings.intercom_app_secret_arn,
            "POWERTOOLS_SERVICE_NAME": "bench",
            "POWERTOOLS_METRICS_NAMESPACE": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{server.server_port}",
            "AWS_CA_BUNDLE": str(bundle),
        }
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, app: App) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.clients = {"DynamoDB": app.dynamodb, "AmazonSQS": app.sqs, "secretsmanager": app.secrets}


class _Answers(BaseHTTPRequestHandler):
    """AWS's JSON protocol: the service and the operation are in a header."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        target, _, operation = self.headers["X-Amz-Target"].partition(".")
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])), object_hook=_with_bytes)
        client = self.server.clients[target.partition("_")[0]]
        try:
            status, answer = 200, getattr(client, xform_name(operation))(**request)
        except ClientError as error:
            status, answer = 400, {"__type": error.response["Error"]["Code"]}
        body = json.dumps(answer, default=_written).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if value.keys() == {"B"} else value


def _written(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()


def _certificate() -> bytes:
    """Of 127.0.0.1, with its key, for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM) + private
