"""The pages of rankings, proposals and rounds: one module per person."""
