"""Read models; each may be thrown away and rebuilt from the facts."""
