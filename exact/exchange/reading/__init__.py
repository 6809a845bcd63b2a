"""Annotations on their way in: from a file's bytes to rows, streamed; one file per format."""
