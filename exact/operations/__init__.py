"""What operators run: management commands, the embedded services, health."""
