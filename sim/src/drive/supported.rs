use crate::scenario::{
    Scenario,
    strategy::Strategy,
    workload::{Arrivals, Workload},
};

/// Whether a strategy of a scenario can be driven in real time.
///
/// # Errors
///
/// Names the first field that cannot.
pub fn check(scenario: &Scenario, strategy: &Strategy) -> Result<(), String> {
    let name = &strategy.name;
    let fields = [
        (
            "batch",
            strategy.batch.is_some(),
            "every request is sent by itself",
        ),
        (
            "off_peak",
            strategy.off_peak.is_some(),
            "every request is sent as soon as may be",
        ),
        (
            "route",
            strategy.route.is_some(),
            "all requests go to one address with one key",
        ),
    ];
    if let Some((field, _, why)) = fields.into_iter().find(|(_, given, _)| *given) {
        return Err(format!(
            "strategy `{name}`: `{field}` cannot be driven, as {why}"
        ));
    }
    for workload in &scenario.workloads {
        if let Arrivals::Sessions {
            recorded_latency: true,
            ..
        } = workload.arrivals
        {
            return Err(format!(
                "{}arrivals.sessions: `recorded_latency` cannot be driven, as a server takes its own time",
                prefix(workload)
            ));
        }
    }
    Ok(())
}

fn prefix(workload: &Workload) -> String {
    match workload.name.as_str() {
        "" => "workload: ".to_owned(),
        name => format!("workload `{name}`: "),
    }
}
