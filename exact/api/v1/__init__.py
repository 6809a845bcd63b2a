"""Version 1 of the REST door: one file per resource."""
