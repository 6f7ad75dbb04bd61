"""What happens to rankings, rounds and proposals: one verb, one transaction, one history row.

`rankings` are the students' lists, `approval` is the coordinator's work, `answers` are the
students' and companies', `ending` is what closes a proposal, `rounds` are rounds and their runs.
"""
