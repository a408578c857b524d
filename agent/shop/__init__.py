"""The shop's rules as pure functions (domain.md): no clock, no store, no language model."""
