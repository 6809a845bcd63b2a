"""Tables of imports on their way."""
