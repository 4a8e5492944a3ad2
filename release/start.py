"""Starts a packaged provider as Terraform does, gets its schema over mutual TLS, and ends it as Terraform does.

Needs openssl for the certificate that Terraform would make. Where there is none, the connection is plain: the protocol
allows that, and the last line says so.
"""

import base64
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import zipfile
from pathlib import Path

from grpc import Connection
from project import Failure, run

# What tells a provider that it was not started by hand.
COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "6",
}
# Seconds for everything. An emulator needs some of them.
LIMIT = 60
# Terraform's is an authority on P-521, too.
CERTIFICATE = """
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyEncipherment, keyAgreement, keyCertSign
extendedKeyUsage = clientAuth, serverAuth
subjectAltName = DNS:localhost
"""


def start(archive, runner):
    """Fails unless the program in the zip serves plugin protocol 6 on this machine, under the runner's command if any."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as source:
        name = next(name for name in source.namelist() if name.startswith("terraform-provider-"))
        program = Path(source.extract(name, folder))
        program.chmod(0o755)
        certificate = _certificate(Path(folder))
        environment = {**os.environ, **COOKIE, "PLUGIN_CLIENT_CERT": certificate.read_text() if certificate else ""}
        begin = time.monotonic()
        process = subprocess.Popen([*runner, program], env=environment, stdout=subprocess.PIPE, text=True)
        # Whatever hangs, hangs on the process.
        watchdog = threading.Timer(LIMIT, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline().strip()
            milliseconds = (time.monotonic() - begin) * 1e3
            size, code = _converse(archive, line, certificate), process.wait(LIMIT)
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
    if code != 0:
        raise Failure(f"{archive} does not end well: its exit code is {code}")
    secured = "over mutual TLS" if certificate else "over a plain connection, since there is no openssl here"
    print(f"{Path(archive).name}: handshake after {milliseconds:.0f} ms, schema of {size / 1e3:.0f} kB {secured}, clean end")


def _certificate(folder):
    """A file with a certificate and its key, of Terraform's kind; none without openssl."""
    if shutil.which("openssl") is None:
        return None
    settings, key, certificate = folder / "settings", folder / "key.pem", folder / "certificate.pem"
    settings.write_text(CERTIFICATE)
    run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1",
        "-pkeyopt", "ec_param_enc:named_curve", "-nodes", "-days", "2", "-config", settings,
        "-keyout", key, "-out", certificate,
    ])
    return certificate


def _converse(archive, line, certificate):
    """Everything that is said to the provider; the size of its schema in bytes."""
    # Core protocol, plugin protocol, network, address, transport, the server's certificate.
    fields = line.split("|")
    if len(fields) != 6 or fields[:2] != ["1", "6"] or fields[4] != "grpc":
        raise Failure(f"{archive} does not start here: its first line is {line!r}")
    _, _, network, address, _, server = fields
    try:
        with contextlib.closing(_connect(network, address)) as plain:
            channel = _secure(plain, certificate, server) if certificate else plain
            with contextlib.closing(channel):
                connection = Connection(channel)
                schema = connection.call("/tfplugin6.Provider/GetProviderSchema")
                connection.call("/plugin.GRPCController/Shutdown")
    except (OSError, EOFError) as error:
        raise Failure(f"{archive} starts here, and does not serve: {error}") from error
    if b"mlops_stack" not in schema:
        raise Failure(f"{archive} serves another schema: {schema[:200]!r}")
    return len(schema)


def _connect(network, address):
    if network == "tcp":
        host, port = address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), LIMIT)
    channel = socket.socket(socket.AF_UNIX)
    channel.settimeout(LIMIT)
    channel.connect(address)
    return channel


def _secure(channel, certificate, server):
    """Trusts the one certificate that the server printed, as Terraform does."""
    der = base64.b64decode(server + "=" * (-len(server) % 4))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=der)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(channel, server_hostname="localhost")
