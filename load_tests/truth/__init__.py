"""A made-up conflict whose truth is known, and what the program and its peers make of its reports."""
