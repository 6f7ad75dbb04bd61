"""The engine on the command line: files in, files and plain English out.

`line` reads the command line and answers for errors; `solving`, `explaining`, `shortage` and
`inventing` do what is asked; `streams` knows how to write.
"""
