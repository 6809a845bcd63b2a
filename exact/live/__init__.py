"""Working together: what goes over the WebSocket."""
