"""What the tests lean on: nothing here is shipped, and nothing shipped imports it.

`reference/` scores leads slowly and by the definition, to check the product against;
`generate/` makes random scoring models and histories from a seed, and hypothesis strategies for small ones;
`servers/` starts real servers for the connected tests.
"""
