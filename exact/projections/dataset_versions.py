"""Dataset versions as people see them: what was frozen, where in the log, and whether it was withdrawn."""

import msgspec
from django.db import models

from exact.domain import dataset_versions
from exact.projections.base import Inline, Row
from exact.projections.teams import TeamRow


class DatasetVersionRow(models.Model):
    """One frozen version; the definition is the fact's own."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    team = models.ForeignKey(TeamRow, models.CASCADE, related_name="dataset_versions", db_constraint=False)
    name = models.TextField()
    dataset_version = models.IntegerField()
    position = models.BigIntegerField()
    definition = models.JSONField()
    frozen_by = models.UUIDField()
    frozen_at = models.DateTimeField()
    withdrawn = models.BooleanField()
    reason = models.TextField()

    class Meta:
        db_table = "dataset_versions"
        ordering = ["number"]


def row_of(version: dataset_versions.DatasetVersion) -> Row:
    """The row of a dataset version."""
    definition = version.definition
    return {
        "id": version.id,
        "number": version.number,
        "version": version.version,
        "team_id": definition.team_id,
        "name": definition.name,
        "dataset_version": definition.version,
        "position": definition.position,
        "definition": msgspec.to_builtins(definition),
        "frozen_by": version.frozen_by,
        "frozen_at": version.frozen_at,
        "withdrawn": version.withdrawn,
        "reason": version.reason,
    }


DATASET_VERSIONS = Inline(
    name="dataset_versions",
    noun=dataset_versions,
    state=dataset_versions.DatasetVersion,
    model=DatasetVersionRow,
    row_of=row_of,
)
