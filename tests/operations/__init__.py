"""What operations are given, held to what it is about: alerts, dashboards, the runbook.

- `test_rules`    each alert fires and stays quiet, by promtool; each leads to a heading of the runbook
- `deployed`      reads the files of deploy/ that are tested here
- `site`        live traffic, for whoever watches a worker
- `stretched`   an hour of normal traffic, from some seconds of it
- `outages`       `make outages`: faults on real servers, and which alerts of a real Prometheus fire when

That a real Prometheus sees a real worker is in tests/connected/test_watched.py.
"""
