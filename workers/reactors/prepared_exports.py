"""Prepared exports: whoever looks at a version that was just frozen finds its GeoJSON ready to download."""

from typing_extensions import override

from exact.datasets.exporting import prepare_version
from exact.domain.dataset_versions import DatasetVersionFrozen
from exact.eventstore.log import Recorded
from exact.projections.reactors import Reactor

FORMAT = "geojson"


class PreparedExports(Reactor):
    """Parks: one version whose file cannot be asked for keeps no other from its own; anybody can ask by hand."""

    name = "prepared_exports"
    on = (DatasetVersionFrozen,)

    @override
    def react(self, recorded: Recorded) -> None:
        fact = recorded.fact
        assert isinstance(fact, DatasetVersionFrozen)
        prepare_version(self.effect_id(recorded, FORMAT), fact, FORMAT)
