"""The pages of students: their own profile, and the roster of their school."""
