"""The parts of `truce demo`: a broker and a worker of its own, a reader of what is decided, and how it is shown."""
