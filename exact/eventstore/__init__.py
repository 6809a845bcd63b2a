"""Where facts are kept: append, read by stream, scope and position."""
