"""What a score is: pure arithmetic from inputs to a lead's state, its score, its bands and their reasons.

- `model`, `fit_model`, `parts`, `fields`, `document`   the scoring model that people write, read from YAML
- `refusals`, `members`, `model_schema`   what is wrong with a model in words; its JSON Schema, what editors show
- `plan`, `terms`        the model compiled for the inner loop; `conditions`, `emails`, `calendar` serve it
- `lead`, `state`, `packing`   the state of a lead, and its bytes; `bounds` has how much it may remember
- `arrays`, `layout`     the arrays that a state is made of, and the bits of their words
- `series`, `limits`, `memory`   the parts of the state, and what fills them
- `fold`                 signals applied; `surge` looks whether one completes a surge, `retract` takes one out again
- `profile`, `commands`  profiles and commands applied; `flags` has red flags
- `advance`              what time alone does to a lead
- `score`, `falls`, `bands`   the curve of the score over time, when it falls, what band that means
- `explain`, `notices`, `changes`, `outcomes`   why, what is to be published, what is recorded
- `succession`           a new model in force: what a lead carries over
- `offline`              a file scored by the same steps

`README.md` says what a score means, for those who write models and read alerts.

All of it is plain Python. A .pxd file beside a module gives its numbers the types of C, by which it is compiled
where there is a compiler, and is then several times as fast; tests run it both ways.

Nothing here does I/O or reads a clock, so that the stream, a file, a replay and a what-if score alike.

Every comparison is of a score rounded to 6 decimals. Instants are milliseconds since 1970 in UTC. An input is
late when it occurred before its lead's `as_of`: it is applied at `as_of`, and weighs what it would weigh there had
it come in time. The order of arrival decides bands, limits, profile fields and the memory for duplicates, and else
nothing of a score.
"""
