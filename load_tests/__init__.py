"""Trying the program hard, from outside: load, faults, and a judge who recomputes what it should have said."""
