"""Proof: decide everything once more from the log, and compare with what was announced."""
