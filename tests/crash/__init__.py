"""What is killed under load must come back by itself, and nothing that was answered may be lost or doubled."""
