"""Each format keeps the contract of TileSource."""
