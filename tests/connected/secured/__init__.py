"""A Kafka and a Redis as production should have them, and the rights of deploy/SECURITY.md: no others."""
