"""What the routes take and give, as pydantic models: one module a concept."""
