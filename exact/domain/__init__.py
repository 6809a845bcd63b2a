"""Facts and rules; it knows no framework."""
