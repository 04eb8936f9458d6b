"""The only IO of this package: clock, gRPC, logs, metrics, TLS, journal."""
