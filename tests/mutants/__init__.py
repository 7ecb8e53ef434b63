"""Mutants: the suites are tested. One guard after the other is switched off, and it is shown who notices.

    make mutants                            the table: guard by guard what caught it
    make mutants ARGS="--only token"        one of them
    python -m pytest -p tests.mutants.plugin --mutant token TESTS      tests without that guard

    edits       another text in the place of one that must be there, in a function or a Lua script, at run time
    table       the guards, how each is switched off, which tests must notice
    plugin      the same within pytest, and in the workers that a test starts
    worker      such a worker

Nothing of this is in the product: it has no switches. A text that is not there any more is an error, so a guard
that was rewritten is noticed here.

Each mutant is first let loose in the simulation (tests/simulation), from seed 0 on until a promise is broken; then
its tests must fail. A mutant that is caught nowhere fails the run. Where another guard stands behind the one that
is off, no promise breaks, and a figure tells: something that the simulation does not see any more, or suddenly
sees.
"""
