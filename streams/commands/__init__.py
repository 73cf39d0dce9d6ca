"""The commands of `truce`, one a module: arguments in, a call, readable output."""
