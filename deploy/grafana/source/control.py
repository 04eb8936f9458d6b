"""Dashboard "Control loop": do plans, policies and controls come, in time and with effect."""

from __future__ import annotations

from deploy.grafana.source.dashboard import Dashboard, row
from deploy.grafana.source.kinds import YES_NO, bars, heatmap, lines, stat, timeline
from deploy.grafana.source.panel import Panel, Query, fixed, override
from deploy.grafana.source.shared import policy_valid
from deploy.grafana.source.style import EFFECT, GAP, NONE_IS_GOOD, WARNING

_DASHED_MEDIAN = override("byRegexp", "/median$/", custom__lineStyle={"fill": "dash"})


def control() -> Dashboard:
    """Both loops from the report to the effect."""
    return Dashboard(
        "control",
        "gridran · Control loop",
        "Do plans, policies and controls come, in time and with effect",
        (
            row(4, (_speed(), 4), (policy_valid(), 4), (_age(), 4), (_gap(), 4), (_effect(), 4), (_late(), 4)),
            row(8, (_states(), 24)),
            row(8, (_latency(), 12), (_quantiles(), 12)),
            row(8, (_life(), 12), (_plan_time(), 12)),
            row(8, (_tiers(), 8), (_controls(), 8), (_faults(), 8)),
        ),
    )


def _speed() -> Panel:
    unpaced = {"type": "value", "options": {"0": {"text": "as fast as it goes"}}}
    return stat(
        "Speed asked for",
        "Simulated seconds per second.",
        "suffix:×",
        Query("max(gridran_emulator_pace_speed)", "speed"),
        more={"mappings": [unpaced]},
    )


def _age() -> Panel:
    return stat(
        "Policy age",
        "Simulated time since the policy in force was issued; a planning period at most while plans come.",
        "h",
        Query("max(gridran_xapp_policy_age_seconds) / 3600", "age"),
        more={"decimals": 2},
    )


def _gap() -> Panel:
    unproven = {"type": "special", "options": {"match": "null+nan", "result": {"text": "not proven"}}}
    return stat(
        "Plan gap",
        "How far the last plan may be from the best one; up to 20 % is usual. lifetime proves nothing.",
        "percentunit",
        Query("max(gridran_rapp_plan_gap_frac)", "gap"),
        GAP,
        more={"decimals": 1, "mappings": [unproven]},
    )


def _effect() -> Panel:
    return stat(
        "Controls with effect",
        "Acknowledged controls that the next report shows, over the last 5 minutes of real time.",
        "percentunit",
        Query("network:gridran_control_effect_frac:ratio5m", "effect"),
        EFFECT,
        more={"decimals": 1},
    )


def _late() -> Panel:
    return stat(
        "Late plans",
        "Planning boundaries since the start whose plan missed its deadline.",
        "short",
        Query("sum(gridran_emulator_late_plans_total)", "late"),
        NONE_IS_GOOD,
    )


def _states() -> Panel:
    return timeline(
        "Is the loop closed",
        "All rows should be green. Without a policy in force the xApp is in fallback; controls come in every period.",
        YES_NO,
        Query("max(gridran_rapp_connected)", "rApp has telemetry"),
        Query("max(gridran_rapp_policy_enforced)", "policy is enforced"),
        Query("max(gridran_xapp_connected)", "xApp is subscribed"),
        Query("1 - max(gridran_xapp_fallback)", "policy is in force"),
        Query("max(gridran_emulator_watchdog_state) == bool 0", "controls come"),
        Query("1 - max(gridran_emulator_paused)", "clock runs"),
    )


def _latency() -> Panel:
    return heatmap(
        "Control latency",
        "Real milliseconds from the indication to the accepted control, one column per moment.",
        "ms",
        Query(
            "sum by (le) (increase(gridran_emulator_control_latency_seconds_bucket[$__rate_interval]))",
            "{{le}}",
            form="heatmap",
        ),
    )


def _quantiles() -> Panel:
    return lines(
        "Latency of controls and decisions",
        "99th percentile and, dashed, median of the last 5 minutes; a decision is the xApp's own part of a control.",
        "ms",
        *_quantile("network:gridran_control_latency_ms:quantile5m", "control"),
        *_quantile("network:gridran_decision_ms:quantile5m", "decision"),
        overrides=(
            override("byRegexp", "/^control/", color=fixed("#0072b2")),
            override("byRegexp", "/^decision/", color=fixed("#e69f00")),
            _DASHED_MEDIAN,
        ),
    )


def _life() -> Panel:
    return lines(
        "Life of the first site to run dry",
        "Planned: what the last plan expects. Bound: the most its search holds possible. Now: at the present draw.",
        "h",
        Query("max(gridran_rapp_survival_seconds) / 3600", "planned"),
        Query("max(gridran_rapp_bound_survival_seconds) / 3600", "bound"),
        Query("network:gridran_battery_life_h:min", "now"),
        overrides=(
            override("byName", "planned", color=fixed("#0072b2")),
            override("byName", "bound", color=fixed("#8b9096"), custom__lineStyle={"fill": "dash"}),
            override("byName", "now", color=fixed("#d55e00")),
        ),
    )


def _plan_time() -> Panel:
    return lines(
        "Time for a plan",
        "Real seconds from telemetry to policy: 99th percentile and, dashed, median of the last hour.",
        "s",
        *_quantile("network:gridran_plan_s:quantile1h", "plan"),
        overrides=(override("byRegexp", "/^plan/", color=fixed("#0072b2")), _DASHED_MEDIAN),
    )


def _tiers() -> Panel:
    return bars(
        "Plans and decisions by tier",
        "Since the start. Last good and safe plans, and decisions other than exact ones, are answers in need.",
        "short",
        Query("sum by (tier) (gridran_rapp_plans_total)", "plan, {{tier}}", instant=True),
        Query("sum by (tier) (gridran_xapp_dispatches_total)", "decision, {{tier}}", instant=True),
        more={"min": 0, "decimals": 0},
    )


def _controls() -> Panel:
    return bars(
        "Controls by result",
        "Since the start. Node: accepted, rejected, or missed in its period. xApp: acknowledged, or failed.",
        "short",
        Query("sum by (result) (gridran_emulator_controls_total)", "node, {{result}}", instant=True),
        Query("sum by (result) (gridran_xapp_controls_total)", "xApp, {{result}}", instant=True),
        more={"min": 0, "decimals": 0},
        overrides=(override("byRegexp", "/rejected|missed|failed/", color=fixed(WARNING)),),
    )


def _faults() -> Panel:
    counters = {
        "messages refused by the node": "gridran_emulator_bad_messages_total",
        "messages refused by the xApp": "gridran_xapp_bad_messages_total",
        "faults of the fast loop": "gridran_xapp_loop_faults_total",
        "faults of the slow loop": "gridran_rapp_loop_faults_total",
        "solves without a plan": "gridran_rapp_solves_failed_total",
        "reports skipped": "gridran_rapp_reports_skipped_total",
    }
    return bars(
        "Faults and refusals",
        "Since the start; all should be 0.",
        "short",
        *(Query(f"sum({name}) or vector(0)", words, instant=True) for words, name in counters.items()),
        limits=NONE_IS_GOOD,
        more={"min": 0, "decimals": 0},
    )


def _quantile(recorded: str, what: str) -> tuple[Query, Query]:
    """The two recorded quantiles of something."""
    return (
        Query(f'{recorded}{{quantile="0.99"}}', f"{what}, 99 %"),
        Query(f'{recorded}{{quantile="0.5"}}', f"{what}, median"),
    )
