"""What people see: one shell of HTML and the TypeScript client."""
