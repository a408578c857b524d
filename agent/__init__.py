"""The agent: one turn from a message to events. See ``agent.core.run_turn``."""
