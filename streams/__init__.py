"""The truce monitor."""
