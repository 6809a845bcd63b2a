"""All commands: importing the nouns' modules registers their handlers."""

from importlib import import_module

NOUNS = ("teams", "products", "annotation_types", "image_sets", "images", "annotations", "imports", "dataset_versions")
ACROSS = ("batches", "selections", "undo")
"""What is about several nouns, or about many of one."""


def load_commands() -> None:
    """Make every command known to the bus."""
    for noun in (*NOUNS, *ACROSS):
        import_module(f"exact.commands.{noun}")
