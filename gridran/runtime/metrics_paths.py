"""Where every service answers on its HTTP port."""

METRICS_PATHS = ("/metrics", "/ric/v1/metrics")
ALIVE_PATH = "/ric/v1/health/alive"
READY_PATH = "/ric/v1/health/ready"
