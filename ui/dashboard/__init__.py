"""지표: how the desk is doing, each figure with its formula and the conversations behind it."""
