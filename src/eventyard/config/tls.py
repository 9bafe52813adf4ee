"""What the files of ``[tls]`` come to: that with which the AMQP port with TLS is served.

They are read at each start, whether that port is wanted or not: a certificate that cannot be used is found when it is
set, not when it is needed.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventyard.config import ConfigError, Settings, variable


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """The context of the certificate; ``None`` where none is set. Raises :class:`ConfigError`, naming the setting."""
    files = settings.tls
    if files.certificate is None:
        if settings.amqps is not None:
            raise ConfigError("amqps needs tls.certificate, and tls.key unless the key is in the same file")
        if files.key is not None or files.client_ca is not None:
            raise ConfigError("tls.key and tls.client_ca need tls.certificate")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with _reading("tls.certificate", files.certificate, "it holds no certificate in PEM"):
        ssl.create_default_context(cafile=files.certificate)
    name, key = ("tls.certificate", files.certificate) if files.key is None else ("tls.key", files.key)
    with _reading(name, key, "it holds no key of the certificate, in PEM and without a password"):
        context.load_cert_chain(files.certificate, files.key, password="")  # None has OpenSSL ask on the terminal
    if files.client_ca is not None:
        with _reading("tls.client_ca", files.client_ca, "it holds no certificate in PEM"):
            context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


@contextmanager
def _reading(name: str, path: Path, lacking: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = lacking if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"setting {name!r} ({variable(name)}): cannot use {path}: {why}") from None
