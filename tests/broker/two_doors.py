"""A broker with a second listener that asks for a login: for tests of what an installation sets there."""

from collections.abc import Mapping
from pathlib import Path

from streams.broker import QUICK_JVM_FLAGS, Broker, free_port


class TwoDoors(Broker):
    """Its listener LOCAL is open, on `port`; CLIENT, on `client_port`, is as the properties given here say."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        super().__init__(port=free_port(), jvm_flags=QUICK_JVM_FLAGS)
        self.client_port = free_port(self.port)
        self._properties = properties

    @property
    def client_bootstrap(self) -> str:
        return f"127.0.0.1:{self.client_port}"

    def _write_properties(self) -> Path:
        path = super()._write_properties()
        doors = f"LOCAL://{self.bootstrap},CLIENT://{self.client_bootstrap}"
        values = dict(line.split("=", 1) for line in path.read_text().splitlines()) | self._properties
        values |= {"listeners": f"{doors},CONTROLLER://127.0.0.1:{self._controller_port}", "advertised.listeners": doors}
        path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        return path


__all__ = ["TwoDoors"]
