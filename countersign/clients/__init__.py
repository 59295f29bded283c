"""The parts of `countersign.client.Client`, one a service."""
