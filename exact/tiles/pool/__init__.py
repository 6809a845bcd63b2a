"""Child processes in which untrusted parsers read images: a hostile file costs one of them, never the server."""
