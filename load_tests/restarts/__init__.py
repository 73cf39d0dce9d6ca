"""Made-up logs, read in many ways: `python load_tests/restarts/run.py`."""
