"""What the tidy test reads: the files of the project as text, as syntax trees, as prose.

    project.py   which files belong to the project, and how offences are told
    python.py    functions, docstrings and the true names of what a Python file refers to
    bans.py      names that have one home, or none
    prose.py     code, commands, links and words of the Markdown pages

Everything here only reads, and imports nothing of the product: the rules are in tests/test_tidy.py, and a file
that does not parse is the business of ruff.
"""
