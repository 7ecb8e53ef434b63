"""What only shows against servers: a real Kafka and a real Redis, started by the tests themselves."""
