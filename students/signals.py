"""The one way up: rooms above listen to who leaves school."""

from django.dispatch import Signal

# Sent in the transaction in which a roster marks students as gone: `student_ids`, those among them
# who have an account; `by`.
students_leaving = Signal()
