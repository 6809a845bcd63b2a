"""The log: the library's suites, the contract of every store, and our own promises on PostgreSQL."""
