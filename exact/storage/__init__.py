"""Where bytes are kept: originals by content hash, uploads on their way in."""
