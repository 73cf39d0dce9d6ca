"""Take a report out of its CloudEvents 1.0 envelope, where it has one.

Structured mode (the message is the envelope, the report its `data`) is told by the `content-type` header, or by the key
`specversion` in an object that has no `report_id`. Binary mode (the message is the report, the envelope its `ce_`
headers) leaves the bytes as they are. Either way the attributes that the standard requires must be there; what they say
is not used, for a report carries its own source, id and type.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from schemas.facts import Rejection
from schemas.reasons import Reason
from streams.core.check import check_bounds
from streams.core.refusal import not_json, wrong_shape

SPEC_VERSION = "1.0"
REQUIRED = ("specversion", "id", "source", "type")
BINARY_PREFIX = "ce_"
MEDIA_TYPE = "application/cloudevents"


def unwrap(value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> bytes | Rejection:
    """The bytes of the report: `value` itself where it has no envelope; or why the envelope cannot be opened."""
    structured = False
    attributes: dict[str, bytes] = {}
    for name, content in headers:
        if name.startswith(BINARY_PREFIX):
            attributes[name] = content
        elif name.lower() == "content-type":
            media_type = _media_type(content)
            structured = media_type == MEDIA_TYPE + "+json"
            if media_type.startswith(MEDIA_TYPE) and not structured:
                return Rejection(
                    Reason.WRONG_TYPE, f"content-type: {media_type} is not taken; send one report a message, as JSON"
                )
    if structured or b'"specversion"' in value:
        return _open(value, structured)
    if attributes:
        return _check_binary(attributes) or value
    return value


class _Envelope(Struct):
    """Required attributes have defaults, so that the first that is missing can be named as CloudEvents names it."""

    specversion: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    datacontenttype: str | UnsetType | None = UNSET
    data: Raw | UnsetType = UNSET
    data_base64: bytes | UnsetType = UNSET


class _Peek(Struct):
    specversion: Raw | UnsetType = UNSET
    report_id: Raw | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Envelope).decode
_peek = msgspec.json.Decoder(_Peek).decode


def _open(value: bytes, structured: bool) -> bytes | Rejection:
    # Only `check` has tested these by now for messages without an envelope, and the decoder recurses.
    refusal = check_bounds(value)
    if refusal is not None:
        return refusal
    if not structured and not _is_envelope(value):
        return value
    try:
        envelope = _decode(value)
    except msgspec.ValidationError as fault:
        return wrong_shape(fault, "envelope")
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return not_json(fault, value)
    for name in REQUIRED:
        attribute = getattr(envelope, name)
        if attribute is UNSET or not attribute:
            return _missing(name)
    if envelope.specversion != SPEC_VERSION:
        return _wrong_version("specversion")
    content_type = envelope.datacontenttype
    if content_type and not _media_type(content_type.encode()).endswith("json"):
        return Rejection(Reason.WRONG_TYPE, "datacontenttype: a report is application/json")
    if envelope.data is not UNSET:
        if envelope.data_base64 is not UNSET:
            return Rejection(Reason.WRONG_TYPE, "data_base64: given beside data; an event has one of them")
        return bytes(envelope.data)
    if envelope.data_base64 is not UNSET:
        return envelope.data_base64
    return Rejection(Reason.MISSING_FIELD, "data: the envelope is empty; the report belongs here")


def _is_envelope(value: bytes) -> bool:
    """Whether an object says so itself. A report may well have the word in its text, or as a field of its own."""
    try:
        seen = _peek(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # No envelope that could be opened; `check` says what is wrong with it.
        return False
    return seen.specversion is not UNSET and seen.report_id is UNSET


def _check_binary(attributes: dict[str, bytes]) -> Rejection | None:
    """Refuses binary mode headers that lack what CloudEvents requires."""
    for name in REQUIRED:
        if not attributes.get(BINARY_PREFIX + name):
            return _missing(BINARY_PREFIX + name)
    if attributes[BINARY_PREFIX + "specversion"] != SPEC_VERSION.encode():
        return _wrong_version(BINARY_PREFIX + "specversion")
    return None


def _media_type(content: bytes | None) -> str:
    """Of a content-type header, without its parameters."""
    return (content or b"").decode("ascii", "replace").partition(";")[0].strip().lower()


def _missing(attribute: str) -> Rejection:
    return Rejection(Reason.MISSING_FIELD, f"{attribute}: CloudEvents requires it")


def _wrong_version(attribute: str) -> Rejection:
    return Rejection(Reason.WRONG_TYPE, f"{attribute}: only CloudEvents {SPEC_VERSION} is taken")


__all__ = ["unwrap"]
