"""From a file to pixels on a screen."""
