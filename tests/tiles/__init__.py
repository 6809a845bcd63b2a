"""From a file to pixels."""
