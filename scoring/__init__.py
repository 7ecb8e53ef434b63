"""What a score is: pure arithmetic from inputs to a lead's state, its score, its bands and their reasons.

- `model`, `fields`, `document`   the scoring model that people write, and how it is read from YAML
- `plan`                the model compiled for the inner loop
- `lead`                the state of a lead, in arrays that are their own encoding
- `series`, `limits`, `memory`, `calendar`, `conditions`   the parts of the state, and what fills them
- `fold`                the steps: advance a lead to an instant, apply a signal
- `score`, `falls`, `bands`   the curve of the score over time, when it falls, what band that means
- `explain`, `changes`  why, and what is published
- `succession`          a new model in force: what a lead carries over
- `offline`             a file scored by the same steps

Nothing here does I/O or reads a clock, so that the stream, a file, a replay and a what-if score alike.

Every comparison is of a score rounded to 6 decimals. Instants are milliseconds since 1970 in UTC. An input is
late when it occurred before its lead's `as_of`: it is applied at `as_of`, and weighs what it would weigh there had
it come in time. The order of arrival decides bands, limits and the memory for duplicates, never the score.
"""
