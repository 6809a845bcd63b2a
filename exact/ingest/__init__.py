"""What arrives becomes images: received, unpacked, cut into images, read, kept and registered; or refused by name."""
