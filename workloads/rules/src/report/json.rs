//! The report in the JSON form of the Python engine, for the consumers of `ccx.ocp.results`.

use std::collections::BTreeMap;

use serde::{Serialize, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};

use super::{Finding, Report, RuleSetVersion, Skip};
use crate::Kind;

/// Encodes the report.
pub(super) fn encode(report: &Report) -> Box<RawValue> {
    let now = report.now.map(|now| now.to_rfc3339());
    let sections = Sections {
        analysis_metadata: AnalysisMetadata::new(now.as_deref(), report.incomplete.as_deref())
            .with(&report.rule_sets),
        fingerprints: items(Kind::Fingerprint, &report.fingerprints),
        info: items(Kind::Info, &report.info),
        pass: items(Kind::Pass, &report.pass),
        reports: items(Kind::Hit, &report.hits),
        skips: report.skips.iter().map(SkipItem::from).collect(),
        system: System::default(),
    };
    to_raw_value(&sections).expect("strings, lists and structs are always JSON")
}

fn items(kind: Kind, findings: &[Finding]) -> Vec<Item<'_>> {
    findings.iter().map(|finding| Item { kind, finding }).collect()
}

#[derive(Serialize)]
struct Sections<'a> {
    analysis_metadata: AnalysisMetadata<'a>,
    fingerprints: Vec<Item<'a>>,
    info: Vec<Item<'a>>,
    pass: Vec<Item<'a>>,
    reports: Vec<Item<'a>>,
    skips: Vec<SkipItem<'a>>,
    system: System,
}

/// The time and the software of the analysis.
#[derive(Serialize)]
pub(super) struct AnalysisMetadata<'a> {
    start: Option<&'a str>,
    finish: Option<&'a str>,
    execution_context: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<&'a str>,
    plugin_sets: BTreeMap<&'a str, PluginSet<'a>>,
}

impl<'a> AnalysisMetadata<'a> {
    /// Describes an analysis of data gathered at `now`; `incomplete` is the reason why rules are missing.
    pub(super) fn new(now: Option<&'a str>, incomplete: Option<&'a str>) -> Self {
        Self {
            start: now,
            finish: now,
            execution_context: "ccx_rules.Archive",
            incomplete,
            plugin_sets: BTreeMap::from([(
                "ccx_rules",
                PluginSet { version: env!("CARGO_PKG_VERSION"), commit: None },
            )]),
        }
    }

    /// Adds sets of rules to the built-in ones.
    fn with(mut self, rule_sets: &'a [RuleSetVersion]) -> Self {
        let named = rule_sets
            .iter()
            .map(|set| (set.name.as_str(), PluginSet { version: &set.version, commit: None }));
        self.plugin_sets.extend(named);
        self
    }
}

#[derive(Serialize)]
struct PluginSet<'a> {
    version: &'a str,
    commit: Option<&'a str>,
}

/// Archives of clusters have no host name, but consumers require the section.
#[derive(Default, Serialize)]
pub(super) struct System {
    metadata: Nothing,
    hostname: Option<&'static str>,
}

/// An empty object.
#[derive(Default, Serialize)]
struct Nothing {}

struct Item<'a> {
    kind: Kind,
    finding: &'a Finding,
}

impl Serialize for Item<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Finding { rule, error_key, details, tags, links } = self.finding;
        let module = rule.as_str();
        let short_name = module.rsplit('.').next().unwrap_or(module);
        let mut item = serializer.serialize_map(None)?;
        item.serialize_entry(self.kind.id_field(), &format_args!("{short_name}|{error_key}"))?;
        item.serialize_entry("component", &rule.component())?;
        item.serialize_entry("type", self.kind.as_str())?;
        item.serialize_entry("key", error_key)?;
        item.serialize_entry("details", details)?;
        item.serialize_entry("tags", tags)?;
        match links {
            Some(links) => item.serialize_entry("links", links)?,
            None => item.serialize_entry("links", &Nothing {})?,
        }
        item.end()
    }
}

#[derive(Serialize)]
struct SkipItem<'a> {
    rule_fqdn: String,
    reason: &'a str,
    details: &'a str,
    r#type: &'a str,
}

impl<'a> From<&'a Skip> for SkipItem<'a> {
    fn from(skip: &'a Skip) -> Self {
        Self {
            rule_fqdn: skip.rule.component(),
            reason: skip.reason.as_str(),
            details: &skip.details,
            r#type: "skip",
        }
    }
}
