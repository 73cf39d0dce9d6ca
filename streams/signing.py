"""Ed25519 signatures of changes of phase.

A signature is of the body's bytes, so that it holds wherever they are kept: beside a record in a header, beside a file in
`signatures.jsonl`. The same body signed again gives the same signature.
"""

from base64 import b64decode, b64encode
from binascii import Error
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

SIGNATURE_HEADER = "truce-signature"


class KeyProblem(ValueError):
    """A key cannot be used; the message says why, in one line."""


class Signer:
    """Signs with the private key in a PEM file, such as `openssl genpkey -algorithm ed25519` writes. Raises `KeyProblem`."""

    def __init__(self, path: Path) -> None:
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as fault:
            raise KeyProblem(f"{path}: no private key that can be used: {fault}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyProblem(f"{path}: not an Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
        self._key = key

    def sign(self, body: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(body)

    def header(self, body: bytes) -> tuple[str, bytes]:
        return SIGNATURE_HEADER, to_text(self.sign(body)).encode()


class Checker:
    """Checks with the public key in a PEM file, or with that of a private one. Raises `KeyProblem`."""

    def __init__(self, path: Path) -> None:
        try:
            pem = path.read_bytes()
            key = load_pem_private_key(pem, None).public_key() if b"PRIVATE KEY" in pem else load_pem_public_key(pem)
        except (OSError, ValueError, TypeError) as fault:
            raise KeyProblem(f"{path}: no public key that can be used: {fault}") from None
        if not isinstance(key, Ed25519PublicKey):
            raise KeyProblem(f"{path}: not an Ed25519 key")
        self._key = key

    def holds(self, body: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, body)
        except InvalidSignature:
            return False
        return True


def to_text(signature: bytes) -> str:
    return b64encode(signature).decode()


def from_text(text: str | bytes) -> bytes:
    """The signature; what is no base64 is a signature that holds of nothing."""
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        return b""


__all__ = ["SIGNATURE_HEADER", "Checker", "KeyProblem", "Signer", "from_text", "to_text"]
