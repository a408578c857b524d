"""Tools in a model's hands: what it is offered, what it reads back, and the loop around it."""
