"""Roles: texts that staff and programs have generated (POST /api/llm/generate)."""
