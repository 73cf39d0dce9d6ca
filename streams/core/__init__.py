"""The decisions, pure: no Kafka, no clock, no randomness, no logging."""
