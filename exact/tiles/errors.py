"""What can be wrong with an image file or a tile address: a code for programs and a sentence for people."""


class TileError(Exception):
    """A file or an address that gives no pixels."""

    code = "no_pixels"
    spoils_handle = True
    """Whether the open file should be dropped after this error (OpenSlide's errors stick to the handle)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class EmptyFile(TileError):
    """Not one byte."""

    code = "empty_file"


class UnknownFormat(TileError):
    """No reader recognises the content."""

    code = "unsupported_format"


class UnsupportedContent(TileError):
    """The format is known, but this variant of it is not read."""

    code = "unsupported_format"


class DamagedFile(TileError):
    """Recognised, but broken or cut off."""

    code = "damaged_image"


class TooManyPixels(TileError):
    """Larger than the server unpacks."""

    code = "too_many_pixels"


class NoSuchTile(TileError):
    """The address lies outside the image."""

    code = "no_such_tile"
    spoils_handle = False


class NoRoom(TileError):
    """The disk that holds unpacked pixels is full."""

    code = "disk_full"


class MissingFile(TileError):
    """The original is not where it was kept."""

    code = "missing_file"


class BadLook(TileError):
    """A window, channels or colours that make no sense, or not for this image."""

    code = "bad_look"
    spoils_handle = False


class Contained(TileError):
    """May not be opened in this process: a child of the pool does it. Never told to anybody."""

    code = "contained"
    spoils_handle = False


class ReaderFailed(TileError):
    """The reader crashed, hung or took too much memory: the file is damaged or made to harm."""

    code = "unreadable_image"


class StruckOut(TileError):
    """The file has made its reader fail too often and is left alone."""

    code = "struck_out"
    spoils_handle = False


class BadPicture(TileError):
    """A region, size, rotation, quality or format that makes no sense."""

    code = "bad_picture"
    spoils_handle = False


class NotOffered(TileError):
    """Something that a standard knows and this server does not do."""

    code = "not_offered"
    spoils_handle = False
