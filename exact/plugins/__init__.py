"""Programs that look at images."""
