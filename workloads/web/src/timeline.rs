//! The chart of a cluster's recommendations over time, and the same as a list of changes.
//!
//! A recommendation that applies has a bar from the first report with it to the newest one; one that no longer applies has a bar for each
//! time that it did.

use std::cmp::Reverse;

use ccx_messages::RuleSelector;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    model::{Hit, PastRecommendation, Risk},
    texts::Texts,
    time,
};

/// The longest span. Bars that began earlier start at the edge.
const MAX_SPAN: TimeDelta = TimeDelta::days(365);

/// The shortest span, so that a cluster's first minutes are no full bars.
const MIN_SPAN: TimeDelta = TimeDelta::hours(1);

/// The longest span whose labels have the time of day.
const MAX_SPAN_OF_HOURS: TimeDelta = TimeDelta::days(2);

/// The limit of rows of recommendations that apply; the worst are shown.
const MAX_CURRENT: usize = 8;

/// The limit of rows of recommendations that no longer apply; the ones that vanished last are shown.
const MAX_PAST: usize = 4;

/// The limit of listed changes; the newest are listed.
const MAX_CHANGES: usize = 50;

/// The shortest bar, in per mille of the width: shorter ones could not be seen.
const MIN_WIDTH: i64 = 10;

/// The chart and the list.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) rows: Vec<Row>,
    omitted: u64,
    /// The dates below the bars: the first, one in the middle, and the last.
    pub(crate) dates: [String; 3],
    pub(crate) changes: Vec<Change>,
}

/// A recommendation in the chart.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) rule: RuleSelector,
    pub(crate) is_current: bool,
    pub(crate) description: String,
    pub(crate) risk: Risk,
    pub(crate) is_disabled: bool,
    /// When it appeared if it applies, otherwise when it vanished.
    pub(crate) label: String,
    pub(crate) bars: Vec<Bar>,
}

/// A time in which a recommendation applied.
#[derive(Debug)]
pub(crate) struct Bar {
    /// A percentage of the width.
    pub(crate) x: String,
    /// A percentage of the width.
    pub(crate) width: String,
    pub(crate) is_past: bool,
    pub(crate) title: String,
}

/// A recommendation that appeared or vanished.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) at: DateTime<Utc>,
    pub(crate) has_appeared: bool,
    pub(crate) description: String,
    pub(crate) risk: Risk,
}

impl Timeline {
    /// Returns the chart of recommendations in the order in which they are given; `None` if no time is known.
    pub(crate) fn new(
        hits: &[&Hit],
        past: &[PastRecommendation],
        newest: DateTime<Utc>,
        texts: &Texts,
    ) -> Option<Self> {
        let began = hits.iter().filter_map(|hit| hit.impacted_since);
        let oldest = began.chain(past.iter().map(PastRecommendation::began_at)).min()?;
        let start = oldest.max(newest - MAX_SPAN).min(newest - MIN_SPAN);
        let axis = Axis { start, end: newest, texts };
        let past: Vec<&PastRecommendation> = past.iter().filter(|past| past.vanished_at > start).collect();
        let mut current: Vec<Row> = hits.iter().filter_map(|hit| axis.current(hit, &past)).collect();
        let mut rules: Vec<&RuleSelector> = Vec::new();
        for past in &past {
            if !rules.contains(&&past.rule) && !hits.iter().any(|hit| hit.rule == past.rule) {
                rules.push(&past.rule);
            }
        }
        let mut ended: Vec<Row> = rules.iter().filter_map(|rule| axis.ended(rule, &past)).collect();
        let omitted = current.len().saturating_sub(MAX_CURRENT) + ended.len().saturating_sub(MAX_PAST);
        current.truncate(MAX_CURRENT);
        ended.truncate(MAX_PAST);
        current.append(&mut ended);
        let middle = start + (newest - start) / 2;
        Some(Self {
            rows: current,
            omitted: omitted as u64,
            dates: [start, middle, newest].map(|at| axis.label(at)),
            changes: changes(hits, &past),
        })
    }

    /// Returns the number of recommendations that are only in the list of changes.
    pub(crate) fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Returns whether a recommendation of the chart no longer applies.
    pub(crate) fn has_past(&self) -> bool {
        self.rows.iter().flat_map(|row| &row.bars).any(|bar| bar.is_past)
    }
}

/// The span of the chart.
struct Axis<'a> {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    texts: &'a Texts,
}

impl Axis<'_> {
    /// Returns the row of a recommendation that applies, with the earlier times in which it did; `None` if it is not known since when.
    fn current(&self, hit: &Hit, past: &[&PastRecommendation]) -> Option<Row> {
        let since = hit.impacted_since?;
        let title = format!("{} {}", self.texts.first_seen, time::absolute(since));
        let mut bars = self.past_bars(&hit.rule, past);
        bars.push(self.bar(since, self.end, title, false));
        Some(Row {
            rule: hit.rule.clone(),
            is_current: true,
            description: hit.description.clone(),
            risk: hit.risk,
            is_disabled: hit.disabled.is_some(),
            label: format!("{} {}", self.texts.since, self.label(since)),
            bars,
        })
    }

    /// Returns the row of a recommendation that no longer applies.
    fn ended(&self, rule: &RuleSelector, past: &[&PastRecommendation]) -> Option<Row> {
        let last = past.iter().find(|past| past.rule == *rule)?;
        Some(Row {
            rule: rule.clone(),
            is_current: false,
            description: last.description.clone(),
            risk: last.risk,
            is_disabled: false,
            label: format!("{} {}", self.texts.until, self.label(last.vanished_at)),
            bars: self.past_bars(rule, past),
        })
    }

    fn past_bars(&self, rule: &RuleSelector, past: &[&PastRecommendation]) -> Vec<Bar> {
        let of_rule = past.iter().filter(|past| past.rule == *rule);
        let bar = |past: &&PastRecommendation| {
            let until = format!("{} {}", self.texts.vanished, time::absolute(past.vanished_at));
            let title = match past.appeared_at {
                Some(since) => format!("{} {}. {until}", self.texts.first_seen, time::absolute(since)),
                None => until,
            };
            self.bar(past.began_at(), past.vanished_at, title, true)
        };
        of_rule.map(bar).collect()
    }

    fn bar(&self, from: DateTime<Utc>, to: DateTime<Utc>, title: String, is_past: bool) -> Bar {
        let end = self.per_mille(to).max(MIN_WIDTH);
        let x = self.per_mille(from).min(end - MIN_WIDTH);
        Bar { x: percent(x), width: percent(end - x), is_past, title }
    }

    /// Returns a time as exact as the span needs it.
    fn label(&self, at: DateTime<Utc>) -> String {
        if self.end - self.start <= MAX_SPAN_OF_HOURS { time::minute(at) } else { time::day(at) }
    }

    fn per_mille(&self, at: DateTime<Utc>) -> i64 {
        let span = (self.end - self.start).num_seconds().max(1);
        ((at - self.start).num_seconds().max(0) * 1000 / span).min(1000)
    }
}

/// Returns what appeared and vanished, newest first.
fn changes(hits: &[&Hit], past: &[&PastRecommendation]) -> Vec<Change> {
    let change = |at, has_appeared, description: &String, risk| Change {
        at,
        has_appeared,
        description: description.clone(),
        risk,
    };
    let current =
        hits.iter().filter_map(|hit| Some(change(hit.impacted_since?, true, &hit.description, hit.risk)));
    let began =
        past.iter().filter_map(|past| Some(change(past.appeared_at?, true, &past.description, past.risk)));
    let vanished = past.iter().map(|past| change(past.vanished_at, false, &past.description, past.risk));
    let mut changes: Vec<Change> = current.chain(began).chain(vanished).collect();
    changes.sort_by_key(|change| Reverse((change.at, change.risk)));
    changes.truncate(MAX_CHANGES);
    changes
}

fn percent(per_mille: i64) -> String {
    format!("{}.{}%", per_mille / 10, per_mille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::EN;

    fn hit(key: &str, since: Option<&str>) -> Hit {
        Hit {
            rule: format!("ccx_rules.a|{key}").parse().unwrap(),
            description: key.into(),
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

    fn past(key: &str, appeared_at: Option<&str>, vanished_at: &str) -> PastRecommendation {
        PastRecommendation {
            rule: format!("ccx_rules.a|{key}").parse().unwrap(),
            description: key.into(),
            risk: Risk::Low,
            appeared_at: appeared_at.map(|time| time.parse().unwrap()),
            vanished_at: vanished_at.parse().unwrap(),
        }
    }

    fn newest() -> DateTime<Utc> {
        "2026-06-11T00:00:00Z".parse().unwrap()
    }

    fn timeline(hits: &[Hit], past: &[PastRecommendation]) -> Option<Timeline> {
        Timeline::new(&hits.iter().collect::<Vec<_>>(), past, newest(), &EN)
    }

    fn places(row: &Row) -> Vec<(&str, &str, bool)> {
        row.bars.iter().map(|bar| (bar.x.as_str(), bar.width.as_str(), bar.is_past)).collect()
    }

    #[test]
    fn bar_begins_with_the_first_report_that_has_it() {
        let hits = [
            hit("A", Some("2026-06-01T00:00:00Z")),
            hit("B", None),
            hit("C", Some("2026-06-06T00:00:00Z")),
            hit("D", Some("2026-06-11T00:00:00Z")),
        ];
        let chart = timeline(&hits, &[]).unwrap();
        let bars: Vec<_> = chart.rows.iter().flat_map(places).collect();
        assert_eq!(bars, [("0.0%", "100.0%", false), ("50.0%", "50.0%", false), ("99.0%", "1.0%", false)]);
        assert_eq!(chart.dates, ["1 Jun 2026", "6 Jun 2026", "11 Jun 2026"]);
        assert_eq!(chart.rows[1].label, "since 6 Jun 2026");
        assert!(!chart.has_past());
    }

    #[test]
    fn bars_of_vanished_recommendations_end_and_share_the_row_of_their_rule() {
        let hits = [hit("A", Some("2026-06-09T00:00:00Z"))];
        let before = [
            past("B", None, "2026-06-07T00:00:00Z"),
            past("A", Some("2026-06-01T00:00:00Z"), "2026-06-06T00:00:00Z"),
            past("B", Some("2026-06-02T00:00:00Z"), "2026-06-03T00:00:00Z"),
        ];
        let chart = timeline(&hits, &before).unwrap();
        assert_eq!(chart.rows.len(), 2);
        assert_eq!(places(&chart.rows[0]), [("0.0%", "50.0%", true), ("80.0%", "20.0%", false)]);
        assert_eq!(places(&chart.rows[1]), [("59.0%", "1.0%", true), ("10.0%", "10.0%", true)]);
        assert_eq!(chart.rows[1].label, "until 7 Jun 2026");
        let changes: Vec<_> = chart
            .changes
            .iter()
            .map(|change| (time::day(change.at), change.has_appeared, change.description.as_str()))
            .collect();
        let expected = [
            (9, true, "A"),
            (7, false, "B"),
            (6, false, "A"),
            (3, false, "B"),
            (2, true, "B"),
            (1, true, "A"),
        ];
        assert_eq!(changes, expected.map(|(day, new, key)| (format!("{day} Jun 2026"), new, key)));
    }

    #[test]
    fn first_day_of_a_cluster_has_the_time_of_day() {
        let chart = timeline(&[hit("A", Some("2026-06-10T22:00:00Z"))], &[]).unwrap();
        assert_eq!(chart.dates, ["10 Jun, 22:00", "10 Jun, 23:00", "11 Jun, 00:00"]);
        assert_eq!(chart.rows[0].label, "since 10 Jun, 22:00");
        let first = timeline(&[hit("A", Some("2026-06-11T00:00:00Z"))], &[]).unwrap();
        assert_eq!(first.dates[0], "10 Jun, 23:00");
    }

    #[test]
    fn span_and_rows_are_limited() {
        let chart =
            timeline(&[hit("A", Some("1970-01-01T00:00:00Z"))], &[past("B", None, "1971-01-01T00:00:00Z")]);
        let chart = chart.unwrap();
        assert_eq!((places(&chart.rows[0])[0].0, chart.dates[0].as_str()), ("0.0%", "11 Jun 2025"));
        assert_eq!((chart.rows.len(), chart.changes.len()), (1, 1));
        assert!(timeline(&[hit("A", None)], &[]).is_none());
        let many: Vec<Hit> =
            (0..60).map(|index| hit(&format!("K{index}"), Some("2026-06-01T00:00:00Z"))).collect();
        let chart = timeline(&many, &[]).unwrap();
        assert_eq!((chart.rows.len(), chart.omitted, chart.changes.len()), (MAX_CURRENT, 52, MAX_CHANGES));
    }

    #[test]
    fn cluster_without_recommendations_still_has_its_past() {
        let chart =
            timeline(&[], &[past("A", Some("2026-06-01T00:00:00Z"), "2026-06-06T00:00:00Z")]).unwrap();
        assert!(chart.has_past());
        assert_eq!(places(&chart.rows[0]), [("0.0%", "50.0%", true)]);
    }
}
