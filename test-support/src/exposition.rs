//! Metrics in Prometheus' text format, compared with those that existing dashboards use.

/// A metric of an existing dashboard.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedMetric {
    /// The name, without a prefix.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of the labels, sorted.
    pub labels: &'static [&'static str],
    /// The buckets of a histogram.
    pub buckets: Buckets,
}

/// The upper bounds of a histogram's buckets.
#[derive(Clone, Copy, Debug)]
pub enum Buckets {
    /// The metric is not a histogram.
    None,
    /// These alone.
    Exactly(&'static [&'static str]),
    /// These, which dashboards may name, and others.
    Including(&'static [&'static str]),
}

/// The default buckets of the clients for Go and Python, in Go's form.
pub const DEFAULT_BUCKETS: &[&str] =
    &["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

/// Fails unless each metric is exposed, behind `prefix`, with its kind, its labels and its buckets. One with labels and without a
/// sample has no line to compare.
pub fn assert_metrics(exposition: &str, prefix: &str, expected: &[ExpectedMetric]) {
    for metric in expected {
        if let Err(problem) = check(exposition, prefix, metric) {
            panic!("{prefix}{}: {problem} in\n{exposition}", metric.name);
        }
    }
}

fn check(exposition: &str, prefix: &str, expected: &ExpectedMetric) -> Result<(), String> {
    let name = format!("{prefix}{}", expected.name);
    let declared = format!("# TYPE {name} {}", expected.kind);
    if !exposition.lines().any(|line| line == declared) {
        return Err(format!("no line `{declared}`"));
    }
    let suffix = if expected.kind == "histogram" { "_count" } else { "" };
    let samples: Vec<Vec<(&str, &str)>> = samples(exposition, &format!("{name}{suffix}"));
    let Some(labels) = samples.first() else { return Err("no sample".to_owned()) };
    let mut found: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
    found.sort_unstable();
    if found != expected.labels {
        return Err(format!("labels {found:?} instead of {:?}", expected.labels));
    }
    let bounds: Vec<&str> = self::samples(exposition, &format!("{name}_bucket"))
        .into_iter()
        .filter_map(|labels| labels.into_iter().find(|(label, _)| *label == "le").map(|(_, bound)| bound))
        .collect();
    let wanted = match expected.buckets {
        Buckets::None => &[],
        Buckets::Exactly(wanted) | Buckets::Including(wanted) => wanted,
    };
    if let Some(missing) = wanted.iter().find(|bound| !bounds.contains(bound)) {
        return Err(format!("no bucket up to {missing}"));
    }
    let is_closed = !matches!(expected.buckets, Buckets::Including(_));
    match bounds.iter().find(|bound| is_closed && !wanted.contains(bound)) {
        Some(other) => Err(format!("a bucket up to {other}")),
        None => Ok(()),
    }
}

/// Returns the labels of each sample of a series, with their values.
fn samples<'a>(exposition: &'a str, series: &str) -> Vec<Vec<(&'a str, &'a str)>> {
    let of_series = |line: &'a str| {
        let rest = line.strip_prefix(series)?;
        if rest.starts_with(' ') {
            return Some(Vec::new());
        }
        let (labels, _) = rest.strip_prefix('{')?.rsplit_once('}')?;
        let pairs = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
        Some(pairs.map(|(label, value)| (label, value.trim_end_matches('"'))).collect())
    };
    exposition.lines().filter_map(of_series).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPOSITION: &str = "\
# TYPE ns_requests counter
ns_requests{endpoint=\"/a,b\",status_code=\"200\"} 1
# TYPE ns_seconds histogram
ns_seconds_bucket{le=\"0.5\"} 1
ns_seconds_bucket{le=\"+Inf\"} 1
ns_seconds_count 1
";

    const REQUESTS: ExpectedMetric = ExpectedMetric {
        name: "requests",
        kind: "counter",
        labels: &["endpoint", "status_code"],
        buckets: Buckets::None,
    };
    const SECONDS: ExpectedMetric = ExpectedMetric {
        name: "seconds",
        kind: "histogram",
        labels: &[],
        buckets: Buckets::Exactly(&["0.5", "+Inf"]),
    };

    #[test]
    fn exposed_metrics_are_accepted() {
        assert_metrics(EXPOSITION, "ns_", &[REQUESTS, SECONDS]);
    }

    #[test]
    fn each_difference_is_found() {
        let problem = |prefix, metric| check(EXPOSITION, prefix, &metric).unwrap_err();
        assert_eq!(problem("", REQUESTS), "no line `# TYPE requests counter`");
        assert_eq!(
            problem("ns_", ExpectedMetric { kind: "gauge", ..REQUESTS }),
            "no line `# TYPE ns_requests gauge`"
        );
        assert_eq!(
            problem("ns_", ExpectedMetric { labels: &["endpoint"], ..REQUESTS }),
            "labels [\"endpoint\", \"status_code\"] instead of [\"endpoint\"]"
        );
        assert_eq!(
            problem("ns_", ExpectedMetric { buckets: Buckets::Including(&["1"]), ..SECONDS }),
            "no bucket up to 1"
        );
        assert_eq!(
            problem("ns_", ExpectedMetric { buckets: Buckets::Exactly(&["+Inf"]), ..SECONDS }),
            "a bucket up to 0.5"
        );
    }
}
