"""Data from outside: cell sites, PM counters, charging sessions and PV output from CSV files."""
