"""What is in `deploy/` holds: by the schemas of those who read it, and by the code that it names.

No Docker and no Kubernetes runs here. `test_image` runs the steps of the Dockerfile by hand (`dockerfile`), and
starts the worker that they make; `test_compose` and `test_kubernetes` hold the files to the schemas in `schemas/`,
which are those of Compose, Kubernetes, Strimzi and KEDA, and their content to the settings, ports and topics of the
code.
"""
