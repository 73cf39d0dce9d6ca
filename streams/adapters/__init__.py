"""External formats, one a module: a file in, reports out."""
