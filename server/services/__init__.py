"""The gRPC services: each turns a request into a value, asks the pipeline or the log, and turns the answer back."""
