"""Users, teams, roles: who may do what."""
