"""Where the dashboards come from: ``python -m deploy.grafana.source`` writes deploy/grafana/dashboards."""
