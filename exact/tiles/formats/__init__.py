"""One file per image format, tried in the order of FORMATS."""
