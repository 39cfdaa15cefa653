//! The chart of a cluster's recommendations over time.
//!
//! The database has, for each recommendation that applies, the first report with it. It forgets recommendations that no longer apply, so
//! every bar ends at the newest report.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    model::{Hit, Risk},
    texts::Texts,
    time,
};

/// The longest span. Bars that began earlier start at the edge.
const MAX_SPAN: TimeDelta = TimeDelta::days(365);

/// The shortest span, so that a cluster's first hours are no full bars.
const MIN_SPAN: TimeDelta = TimeDelta::days(1);

/// The limit of bars; the worst are shown.
const MAX_BARS: usize = 40;

/// The height of a bar, and the distance of two, in pixels.
const BAR: usize = 10;
const GAP: usize = 6;

/// The room for the dates, in pixels.
const DATES: usize = 24;

/// The chart. Horizontal positions are per mille of the width.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) title: String,
    pub(crate) height: usize,
    /// The vertical position of the axis.
    pub(crate) axis: usize,
    pub(crate) bar_height: usize,
    pub(crate) bars: Vec<Bar>,
    pub(crate) ticks: Vec<Tick>,
}

/// A recommendation.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) title: String,
    pub(crate) risk: Risk,
    pub(crate) is_disabled: bool,
    /// A percentage of the width.
    pub(crate) x: String,
    pub(crate) y: usize,
    /// A percentage of the width.
    pub(crate) width: String,
}

/// A date at the axis.
#[derive(Debug)]
pub(crate) struct Tick {
    /// A percentage of the width.
    pub(crate) x: String,
    pub(crate) label: String,
    pub(crate) anchor: &'static str,
}

impl Timeline {
    /// Returns the chart of recommendations in the order in which they are given; `None` if no time is known.
    pub(crate) fn new(hits: &[&Hit], newest: DateTime<Utc>, texts: &Texts) -> Option<Self> {
        let oldest = hits.iter().filter_map(|hit| hit.impacted_since).min()?;
        let start = oldest.max(newest - MAX_SPAN).min(newest - MIN_SPAN);
        let span = (newest - start).num_seconds();
        let known = hits.iter().filter_map(|hit| Some((*hit, hit.impacted_since?))).take(MAX_BARS);
        let bars: Vec<Bar> = known
            .enumerate()
            .map(|(row, (hit, since))| {
                // A bar that begins with the newest report is still visible.
                let x = per_mille((since - start).num_seconds(), span).min(985);
                Bar {
                    title: format!("{}: {} {}", hit.description, texts.first_seen, time::absolute(since)),
                    risk: hit.risk,
                    is_disabled: hit.disabled.is_some(),
                    x: percent(x),
                    y: GAP / 2 + row * (BAR + GAP),
                    width: percent(1000 - x),
                }
            })
            .collect();
        let axis = bars.len() * (BAR + GAP);
        let ticks = [(0, "start"), (500, "middle"), (1000, "end")].map(|(x, anchor)| Tick {
            x: percent(x),
            label: time::day(start + TimeDelta::seconds(span * x / 1000)),
            anchor,
        });
        let title = format!("{}: {}", texts.timeline, texts.recommendation_count.format(bars.len() as u64));
        Some(Self { title, height: axis + DATES, axis, bar_height: BAR, bars, ticks: ticks.into() })
    }
}

fn per_mille(part: i64, whole: i64) -> i64 {
    (part.max(0) * 1000 / whole.max(1)).min(1000)
}

fn percent(per_mille: i64) -> String {
    format!("{}.{}%", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::EN;

    fn hit(since: Option<&str>) -> Hit {
        Hit {
            rule: "ccx_rules.a|A".parse().unwrap(),
            description: "A".into(),
            reason: String::new(),
            resolution: String::new(),
            more_info: String::new(),
            risk: Risk::Low,
            resolution_risk: None,
            tags: Vec::new(),
            impacted_since: since.map(|time| time.parse().unwrap()),
            evidence: serde_json::Value::Null,
            disabled: None,
            vote: 0,
        }
    }

    #[test]
    fn bar_begins_with_the_first_report_that_has_it() {
        let newest = "2026-06-11T00:00:00Z".parse().unwrap();
        let hits = [
            hit(Some("2026-06-01T00:00:00Z")),
            hit(None),
            hit(Some("2026-06-06T00:00:00Z")),
            hit(Some("2026-06-11T00:00:00Z")),
        ];
        let chart = Timeline::new(&hits.iter().collect::<Vec<_>>(), newest, &EN).unwrap();
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.x.as_str(), bar.width.as_str())).collect();
        assert_eq!(bars, [("0.0%", "100.0%"), ("50.0%", "50.0%"), ("98.5%", "1.5%")]);
        let dates: Vec<_> = chart.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(dates, ["1 Jun 2026", "6 Jun 2026", "11 Jun 2026"]);
    }

    #[test]
    fn span_is_limited() {
        let newest = "2026-06-11T00:00:00Z".parse().unwrap();
        let old = [hit(Some("1970-01-01T00:00:00Z"))];
        let chart = Timeline::new(&old.iter().collect::<Vec<_>>(), newest, &EN).unwrap();
        assert_eq!((chart.bars[0].x.as_str(), chart.ticks[0].label.as_str()), ("0.0%", "11 Jun 2025"));
        assert!(Timeline::new(&[&hit(None)], newest, &EN).is_none());
    }
}
