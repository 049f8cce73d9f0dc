"""Dispatch through RabbitMQ: wake-ups that survive the loss of a broker's node."""
