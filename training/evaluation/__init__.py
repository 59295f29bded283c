"""Measurements that the model cards quote, beside those of `training.evaluate`."""
