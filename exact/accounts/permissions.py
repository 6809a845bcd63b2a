"""Role x permission: the whole table on one page."""

from enum import StrEnum

from exact.domain.teams import Role


class Permission(StrEnum):
    """What may be done in a team."""

    READ = "read"
    READ_LABELS = "read_labels"
    """Slide labels, macro images and raw properties of the file: they can carry names of patients."""
    EXPORT = "export"
    ANNOTATE = "annotate"
    VERIFY = "verify"
    UPLOAD = "upload"
    MANAGE_IMAGES = "manage_images"
    MANAGE_SETS = "manage_sets"
    UNDO_OTHERS = "undo_others"
    FREEZE = "freeze"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TEAM = "manage_team"


P = Permission
VIEWER = {P.READ, P.EXPORT}
ANNOTATOR = {*VIEWER, P.ANNOTATE, P.UPLOAD}
VERIFIER = {*ANNOTATOR, P.VERIFY}
ADMIN = {*VERIFIER, P.READ_LABELS, P.MANAGE_IMAGES, P.MANAGE_SETS, P.UNDO_OTHERS, P.FREEZE, P.MANAGE_MEMBERS}
OWNER = {*ADMIN, P.MANAGE_TEAM}

TABLE: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(VIEWER),
    Role.ANNOTATOR: frozenset(ANNOTATOR),
    Role.VERIFIER: frozenset(VERIFIER),
    Role.ADMIN: frozenset(ADMIN),
    Role.OWNER: frozenset(OWNER),
}
