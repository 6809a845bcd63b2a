"""Starting, stopping, and everything that can be in the way of it."""
